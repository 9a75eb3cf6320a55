// Numbers as text: rounding on the decimal value, and what is no number.

import Reporting
import Testing

@Suite struct Numbers {
  @Test(arguments: [
    (0.05, 1, "0.1"), (0.15, 1, "0.2"), (0.25, 1, "0.3"), (99.95, 1, "100.0"), (-0.04, 1, "0.0"), (-0.05, 1, "-0.1"),
    (1.005, 2, "1.01"), (0.285, 2, "0.29"), (1.0005, 3, "1.001"), (2.5, 0, "3"), (-2.5, 0, "-3"), (0.4, 0, "0"),
    (0, 2, "0.00"), (-0.0, 2, "0.00"), (12, 2, "12.00"), (0.001, 3, "0.001"), (0.0004999, 3, "0.000"),
    (9.9996, 3, "10.000"),
    (.leastNonzeroMagnitude, 3, "0.000"), (1e-5, 5, "0.00001"), (1.5e-7, 7, "0.0000002"),
    (123_456_789.125, 2, "123456789.13"),
    (999_999_999_999_999, 1, "999999999999999.0"), (1e16, 1, "1e+16"), (-1e300, 2, "-1e+300"),
    (.nan, 1, "nan"), (.infinity, 1, "inf"), (-.infinity, 1, "-inf"),
  ])
  func fixed(value: Double, decimals: Int, text: String) {
    #expect(NumberFormat.fixed(value, decimals: decimals) == text)
  }

  @Test(arguments: [
    (0.2895, "29.0"), (0.28949, "28.9"), (0.0005, "0.1"), (0.00049, "0.0"), (1, "100.0"), (0.145, "14.5"),
    (0.9995, "100.0"),
    (0.99949, "99.9"), (1.0 / 3, "33.3"), (2.0 / 3, "66.7"), (0.0145, "1.5"),
  ])
  func percent(value: Double, text: String) {
    #expect(NumberFormat.fixed(value, decimals: 1, shift: 2) == text)
  }

  @Test(arguments: [(0.0, "+0.0"), (0.04, "+0.0"), (-0.04, "+0.0"), (1.25, "+1.3"), (-1.25, "-1.3")])
  func signed(value: Double, text: String) {
    #expect(NumberFormat.signed(value, decimals: 1) == text)
  }

  @Test(arguments: [(61.3, 0), (9.94, 1), (9.96, 0), (0.25, 2), (0.00001, 4), (149, -1), (99.4, 0), (99.6, -1)])
  func anErrorHasTwoDigits(error: Double, decimals: Int) {
    #expect(NumberFormat.decimals(ofError: error) == decimals)
  }

  @Test func noErrorHasNoDigits() {
    for error in [nil, 0, .nan, .infinity] as [Double?] { #expect(NumberFormat.decimals(ofError: error) == nil) }
  }

  @Test(arguments: [
    (1404.2, -1, "1400"), (1405.1, -1, "1410"), (-68.0, -1, "-70"), (4, -1, "0"), (5, -1, "10"), (-4, -1, "0"),
    (166, -2, "200"), (0, -2, "0"),
  ])
  func tensAndHundreds(value: Double, decimals: Int, text: String) {
    #expect(NumberFormat.fixed(value, decimals: decimals) == text)
  }

  @Test func everyThousandthIsItself() {
    for number in 0...2000 {
      let value = Double(number) / 1000
      let whole = "\(number / 1000)." + String("00\(number % 1000)".suffix(3))
      #expect(NumberFormat.fixed(value, decimals: 3) == whole)
      let tenths = (number + (number % 10 >= 5 ? 10 : 0)) / 10
      #expect(NumberFormat.fixed(value, decimals: 2) == "\(tenths / 100)." + String("0\(tenths % 100)".suffix(2)))
    }
  }
}
