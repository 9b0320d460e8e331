// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny")
]

// The layers of ARCHITECTURE.md, bottom to top. `make check` holds the imports to what is declared here.
let package = Package(
  name: "martlet",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "martlet", targets: ["martlet"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0", traits: ["FullFoundation"]),
    .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.0"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
  ],
  targets: [
    // vocabulary: pure, no I/O
    .target(name: "StrictCoding", swiftSettings: settings),
    .target(name: "HTTPWire", swiftSettings: settings),
    .target(
      name: "OAuthProtocol",
      dependencies: ["StrictCoding", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: settings),
    .target(name: "MCPProtocol", dependencies: ["StrictCoding"], swiftSettings: settings),

    // domain
    .target(
      name: "MartletDomain",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MCPProtocol", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),

    // client
    .target(
      name: "OAuthClient",
      dependencies: [
        "StrictCoding", "OAuthProtocol",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),

    // capabilities
    .target(
      name: "MartletAuthorizationServer",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),
    .target(
      name: "MartletIdentity",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ],
      swiftSettings: settings),
    .target(
      name: "MartletVault",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),
    .target(
      name: "MartletPolicy", dependencies: ["StrictCoding", "MCPProtocol", "MartletDomain"], swiftSettings: settings),
    .target(name: "MartletAudit", dependencies: ["StrictCoding", "MartletDomain"], swiftSettings: settings),
    .target(
      name: "MartletProxy",
      dependencies: [
        "StrictCoding", "HTTPWire", "OAuthProtocol", "MCPProtocol", "MartletDomain", "OAuthClient", "MartletPolicy",
        "MartletAudit", "MartletVault",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: settings),

    // adapters
    .target(
      name: "MartletStoreSQLite",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: settings),

    .target(
      name: "MartletIntegrations",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient", "MartletAudit",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings),

    // composition
    .target(
      name: "MartletServer",
      dependencies: [
        "StrictCoding", "HTTPWire", "OAuthProtocol", "MCPProtocol", "MartletDomain", "OAuthClient",
        "MartletAuthorizationServer", "MartletIdentity", "MartletPolicy", "MartletAudit", "MartletVault",
        "MartletProxy",
        "MartletStoreSQLite", "MartletIntegrations",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "Yams", package: "Yams"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Resources")],
      swiftSettings: settings),

    // program
    .executableTarget(
      name: "martlet",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", "MartletAuthorizationServer", "MartletIdentity",
        "MartletAudit", "MartletServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // tests
    .target(
      name: "MartletTestSupport",
      dependencies: [
        "StrictCoding", "OAuthProtocol", "MartletDomain", "OAuthClient",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      path: "Tests/MartletTestSupport",
      swiftSettings: settings),
  ]
    + [
      "StrictCoding", "OAuthProtocol", "MCPProtocol", "MartletDomain", "OAuthClient", "MartletAuthorizationServer",
      "MartletIdentity", "MartletVault", "MartletPolicy", "MartletAudit", "MartletProxy", "MartletStoreSQLite",
      "MartletIntegrations", "MartletServer",
    ].map { (name: String) -> Target in
      .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name), "MartletTestSupport"]
          + (["MartletProxy", "MartletServer"].contains(name)
            ? [.product(name: "NIOEmbedded", package: "swift-nio")] : [])
          + (name == "MartletServer" ? [.product(name: "NIOTLS", package: "swift-nio")] : []),
        swiftSettings: settings)
    }
    + [
      // NIOHTTP1 is the oracle that the codec is compared with.
      .testTarget(
        name: "HTTPWireTests",
        dependencies: [
          "HTTPWire", "MartletTestSupport",
          .product(name: "NIOCore", package: "swift-nio"),
          .product(name: "NIOEmbedded", package: "swift-nio"),
          .product(name: "NIOHTTP1", package: "swift-nio"),
        ],
        swiftSettings: settings)
    ]
)
