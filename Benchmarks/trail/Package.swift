// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

// A package of its own, so that `swift build` of the program doesn't build it. Its sources are the program's.
let package = Package(
  name: "trail",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
  ],
  targets: [
    .target(name: "StrictCoding", swiftSettings: settings),
    .target(name: "OAuthProtocol", dependencies: ["StrictCoding", crypto], swiftSettings: settings),
    .target(name: "MCPProtocol", dependencies: ["StrictCoding"], swiftSettings: settings),
    .target(
      name: "MartletDomain", dependencies: ["StrictCoding", "OAuthProtocol", "MCPProtocol", crypto],
      swiftSettings: settings),
    .target(name: "MartletAudit", dependencies: ["StrictCoding", "MartletDomain"], swiftSettings: settings),
    .target(
      name: "MartletStoreSQLite",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "Trail",
      dependencies: ["MartletDomain", "MartletAudit", "MartletStoreSQLite", crypto],
      swiftSettings: settings),
  ]
)
