// The words that built-in tasks are made of. Changing any of them changes the records of every seed.

enum WordLists {
  /// Things of one category; the first letter decides between "a" and "an".
  static let categories: [(plural: String, things: [String])] = [
    (
      "musical instruments",
      words(
        """
        accordion bagpipe banjo bassoon bugle cello clarinet cornet drum flute guitar harp mandolin oboe piano
        saxophone trombone trumpet tuba violin
        """)
    ),
    (
      "fruits",
      words(
        """
        apple apricot avocado banana cherry coconut date fig grape guava lemon lime mango nectarine orange
        papaya peach pear plum quince
        """)
    ),
    (
      "vegetables",
      words(
        """
        artichoke aubergine beetroot cabbage carrot cauliflower courgette cucumber leek lettuce onion parsnip
        pepper potato pumpkin radish shallot squash turnip yam
        """)
    ),
    (
      "animals",
      words(
        """
        ant badger bear camel cat cow dog donkey eagle elephant fox frog goat hare horse lion otter rabbit sheep
        zebra
        """)
    ),
    (
      "tools",
      words(
        """
        axe chisel clamp crowbar drill file hammer hatchet hoe ladder mallet plane pickaxe rake saw screwdriver
        shovel spade trowel wrench
        """)
    ),
    (
      "pieces of furniture",
      words(
        """
        armchair bed bench bookcase bureau cabinet chair chest couch cradle cupboard desk dresser hammock mirror
        shelf sideboard stool table wardrobe
        """)
    ),
    (
      "vehicles",
      words(
        """
        airplane ambulance barge bicycle boat bus canoe car ferry helicopter kayak lorry moped motorcycle
        rowboat sailboat scooter tractor tram van
        """)
    ),
    (
      "kitchen items",
      words(
        """
        blender bowl colander cup fork grater jug kettle knife ladle mug oven pan plate pot saucer sieve spoon
        toaster whisk
        """)
    ),
    (
      "toys",
      words(
        """
        ball balloon doll domino frisbee hoop kite marble puppet puzzle rattle robot sandbox skateboard sled
        slingshot teddy top trampoline yoyo
        """)
    ),
    (
      "pieces of clothing",
      words(
        """
        apron belt blouse cap cardigan coat dress glove hat jacket kilt robe scarf shirt skirt sock suit sweater
        tie vest
        """)
    ),
  ]

  /// Words to sort, in lower-case ASCII.
  static let words = words(
    """
    acorn amber anchor angle anvil apron arrow aspen atlas badge bagel bamboo barrel basil basket beacon beaver
    berry bishop blanket bottle branch breeze bridge bronze bucket button cactus camera candle canvas canyon
    captain carbon castle cedar cellar chalk cherry cinder circle citrus clover cobalt coffee comet compass
    copper coral cotton cradle crater crystal dagger daisy dancer desert diamond dinner dolphin dragon drawer
    eagle earth echo elbow ember empire engine envelope evening fabric falcon feather fence ferry fiddle filter
    finger flame flower forest fossil fountain frost funnel galaxy garden garlic gentle ginger glacier globe
    goblet grain granite gravel guitar hammer harbor harvest hazel helmet hollow honey hunter iceberg indigo
    island ivory jacket jasmine jelly jewel jungle kernel kettle kitten knight ladder lagoon lantern laurel
    lemon letter lily linen lobster locket lumber magnet maple marble meadow melon mirror monkey mountain muffin
    mustard napkin needle nest nickel north nutmeg oasis ocean olive onion opal orchid otter oyster paddle
    palace panda paper parrot pebble pencil pepper petal pigeon pillow planet pocket pollen poppy prairie puzzle
    quarry quartz quilt rabbit raven ribbon river robin rocket saddle saffron salmon sandal satin school shadow
    shelter silver sketch slate sparrow spider spiral spruce statue stone summer sunset tablet talon temple
    thistle thunder timber tomato tulip tunnel turtle umbrella valley vapor velvet violet violin walnut water
    whale wheat willow window winter wizard wolf wonder yarn yellow zebra zenith zipper
    """)

  /// People of a story.
  static let people = words("Adam Bella Carl Dora Edgar Flora George Hanna Igor Julia Karl Laura")

  /// Colors that tell things of one kind apart.
  static let colors = words("amber black blue brown green grey orange pink purple red white yellow")

  /// What the people of a story hold.
  static let holdings = words("ball balloon cup flag kite lamp")

  private static func words(_ text: String) -> [String] {
    text.split { $0 == " " || $0 == "\n" }.map(String.init)
  }

  /// `a violin`, `an oboe`; no word of the lists begins with a vowel that is spoken as a consonant.
  static func withArticle(_ word: String) -> String {
    (word.first.map { "aeiou".contains($0) } ?? false ? "an " : "a ") + word
  }

  /// `a`, `a and b`, `a, b, and c`.
  static func enumeration(_ parts: [String]) -> String {
    guard let last = parts.last, parts.count > 2 else { return parts.joined(separator: " and ") }
    return parts.dropLast().joined(separator: ", ") + ", and " + last
  }
}
