// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that `swift build` of the program doesn't build it. Its HTTPWire is the program's.
let package = Package(
  name: "http-codec",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0")],
  targets: [
    .target(name: "HTTPWire", swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
    .executableTarget(
      name: "Compare",
      dependencies: [
        "HTTPWire",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),
  ]
)
