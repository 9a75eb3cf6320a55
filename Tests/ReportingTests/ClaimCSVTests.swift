// Claims as lines that a program reads: a number a cell, worked by hand, and nothing of a line in another.

import Foundation
import Reporting
import Statistics
import Testing

@Suite struct ClaimLines {
  private static let header =
    "claim,says,required,verdict,why,kind,left,right,difference,low,high,p,p-holm,detectable,test,speaks-of,records,"
    + "left-seeds,right-seeds,only-left,only-right"

  private static let cells: CellOutcomes = [
    "cold/plain": [right(9, of: 20)], "warm/plain": [right(0, of: 20)], "warm/long": [right(0, of: 20)],
  ]

  private static func report(_ claims: String) throws -> ResultReport {
    try ReportingTests.report(claims.isEmpty ? "" : "claims: {\(claims)}", cells)
  }

  /// Nine records on which only the left one is right: p = 2·2⁻⁹, twice that by Holm over two claims.
  @Test func aNumberACell() throws {
    let report = try Self.report(
      "a: {holds: \"cold/plain > warm/plain\"}, b: {holds: \"cold/plain < warm/plain\", required: false}, "
        + "c: {holds: \"cold/long > warm/plain\"}")
    let lines = ClaimCSV.csv(report.claims).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.count == 5 && lines[4].isEmpty && lines[0] == Self.header, "\(lines)")
    let estimate = try #require(report.claims[0].evidence?.estimate)
    let numbers =
      "accuracy,0.45,0.0,0.45,\(estimate.low),\(estimate.high),0.00390625,0.0078125,\(estimate.detectable),mcnemar,"
      + "this training run,20,1,1,9,0"
    #expect(lines[1] == "a,cold/plain > warm/plain,true,holds,,\(numbers)")
    #expect(lines[2] == "b,cold/plain < warm/plain,false,does not hold,,\(numbers)")
    // What could not be tested has a reason, and nothing in the place of numbers.
    let why = try #require(report.claims[2].why)
    #expect(lines[3] == "c,cold/long > warm/plain,true,undecided,\(why),accuracy,,0.0,,,,,,,,,,,,,", "\(lines[3])")
  }

  @Test func hostileNamesStayCells() throws {
    let claims = try Self.report("a: {holds: \"cold/plain > warm/plain\"}").claims.map { $0.named("x, \"y\"\nz") }
    #expect(ClaimCSV.csv(claims).hasPrefix("\(Self.header)\n\"x, \"\"y\"\"\nz\",cold/plain > warm/plain,true,holds,"))
  }

  /// The file is there as long as there are claims; without any, all other files are those of before.
  @Test func theFileComesAndGoesWithTheClaims() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "claims-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let names = ["TABLE.md", "lock.json", "table.csv", "table.json", "table.tex"]
    func written() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    let claiming = try Self.report("a: {holds: \"cold/plain > warm/plain\"}")
    try claiming.write(into: folder)
    #expect(try written() == (names + ["claims.csv"]).sorted())
    let file = try String(contentsOfFile: "\(folder)/claims.csv", encoding: .utf8)
    #expect(file == ClaimCSV.csv(claiming.claims))
    let table = try String(contentsOfFile: "\(folder)/table.csv", encoding: .utf8)
    try Self.report("").write(into: folder)
    #expect(try written() == names)
    #expect(try String(contentsOfFile: "\(folder)/table.csv", encoding: .utf8) == table)
    // What cannot be taken away is told.
    try FileManager.default.createDirectory(atPath: "\(folder)/claims.csv", withIntermediateDirectories: true)
    #expect(throws: ResultsError.self) { try Self.report("").write(into: folder) }
  }
}
