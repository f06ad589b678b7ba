// swift-tools-version: 6.2
import PackageDescription

// Targets stand in the order a message meets them. Each C library is visible in one target, OpenSSL's in two;
// a test (Tests/ArchitectureTests) holds the imports against this table, since SwiftPM does not.
//
// The C libraries come from Debian packages; docs/dependencies.md says why each one.

let testSettings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

// Sources say `unsafe` where they touch memory by hand; tests need not.
let settings = testSettings + [.strictMemorySafety()]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func cLibrary(_ name: String, pkgConfig: String? = nil, debian: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig,
    providers: [.apt([debian])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: testSettings)
}

let package = Package(
  name: "voicemail-milter",
  products: [.executable(name: "voicemail-milter", targets: ["Filter"])],
  targets: [
    // Reception: libmilter in Swift. Knows SMTP, knows nothing of voicemail.
    .target(
      name: "MilterBridge", dependencies: ["CMilter"], swiftSettings: settings,
      // For libmilter to find it: SignalThread.swift.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic-symbol=sigwait"])]),
    // Other programs, each under limits: sendmail, ffmpeg, engines.
    library("Programs"),
    // SMTP over sockets: the client that hands messages back to the MTA.
    library("SMTP", ["Programs"]),
    // Reading and rewriting MIME.
    library("Mail", ["Voicemail", "CGMime", "CCrypto"]),
    // The product in pure Swift: recognition, job, transcript, rendering. Read this first.
    library("Voicemail"),
    // The durable queue.
    .target(
      name: "Spool", dependencies: ["Voicemail", "CSQLite"],
      resources: [.embedInCode("schema.sql")],
      // The crash tests' places to die; a release has none.
      swiftSettings: settings + [.define("FAILPOINTS", .when(configuration: .debug))]),
    // Any recording to mono PCM.
    library("Audio", ["Voicemail", "Programs", "CSndFile", "CSoxr"]),
    // The engines that turn PCM into text.
    library(
      "Speech",
      ["Voicemail", "Audio", "Programs", "CPocketSphinx", "CCurl", "CCrypto", "CZlib"]),
    // What the administrator touches: settings, rules, log, control socket, status page.
    library("Operations", ["Voicemail", "CGLib", "CSystemd", "CMicroHTTPD"]),
    // The program voicemail-milter: commands and wiring, nothing else.
    .executableTarget(
      name: "Filter",
      dependencies: [
        "MilterBridge", "SMTP", "Mail", "Voicemail", "Spool", "Audio", "Speech", "Operations",
      ],
      resources: [.embedInCode("Check/spoken-test.gsm")],
      swiftSettings: settings),

    cLibrary("CMilter", debian: "libmilter-dev"),
    cLibrary("CCrypto", pkgConfig: "libcrypto", debian: "libssl-dev"),
    cLibrary("CGMime", pkgConfig: "gmime-3.0", debian: "libgmime-3.0-dev"),
    cLibrary("CGLib", pkgConfig: "glib-2.0", debian: "libglib2.0-dev"),
    cLibrary("CSystemd", pkgConfig: "libsystemd", debian: "libsystemd-dev"),
    cLibrary("CMicroHTTPD", debian: "libmicrohttpd-dev"),
    cLibrary("CSQLite", debian: "libsqlite3-dev"),
    cLibrary("CSndFile", pkgConfig: "sndfile", debian: "libsndfile1-dev"),
    cLibrary("CSoxr", pkgConfig: "soxr", debian: "libsoxr-dev"),
    cLibrary("CPocketSphinx", debian: "libpocketsphinx-dev"),
    cLibrary("CCurl", pkgConfig: "libcurl", debian: "libcurl4-openssl-dev"),
    cLibrary("CZlib", pkgConfig: "zlib", debian: "zlib1g-dev"),

    // For Scripts/bench.
    .executableTarget(
      name: "RecognitionBench", dependencies: ["Mail", "Voicemail", "Operations"],
      path: "Bench/RecognitionBench", swiftSettings: settings),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
    tests("ArchitectureTests", []),
    tests("SMTPTests", ["SMTP"]),
    // A milter for tests: libmilter runs once per process, so each test starts one of these.
    .executableTarget(
      name: "MilterProbe", dependencies: ["MilterBridge"], path: "Tests/MilterProbe",
      swiftSettings: testSettings),
    tests("MilterBridgeTests", ["MilterBridge", "MilterProbe"]),
    tests("AudioTests", ["Audio", "Voicemail"]),
    tests("SpeechTests", ["Speech", "Audio", "Voicemail"]),
    tests("MailTests", ["Mail", "Voicemail"]),
    tests("VoicemailTests", ["Voicemail", "Operations"]),
    // Messages as each phone system writes them, through reading, recognition and enhancement.
    tests("PBXMailTests", ["Filter", "Mail", "Audio", "Voicemail", "Operations"]),
    tests("DocumentationTests", ["Filter", "Operations", "Voicemail"]),
    tests("SpoolTests", ["Spool", "Voicemail"]),
    tests("OperationsTests", ["Operations", "Voicemail"]),
    // Its entries are built for libFuzzer too, by Scripts/fuzz.
    tests("PackagingTests", ["Filter", "Voicemail"]),
    tests("FuzzTests", ["SMTP", "Mail", "Voicemail", "Operations", "Audio", "Speech"]),
    tests("EndToEndTests", ["Filter", "Spool", "Voicemail"]),
  ]
)
