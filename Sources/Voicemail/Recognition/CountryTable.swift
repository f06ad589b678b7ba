/// The countries' numbering plans as far as `Country` needs them (ITU-T E.164 and the national plans filed with it).
enum CountryTable {
  /// A country for each line; the first with a calling code stands for it.
  static let all: [Country] = text.split(separator: "\n").compactMap { line in
    let fields = line.split(separator: " ")
    guard fields.count == 5 else { return nil }
    let lengths = fields[4].split(separator: "-").compactMap { Int($0) }
    guard let least = lengths.first, let most = lengths.last, least <= most else { return nil }
    return Country(
      name: String(fields[0]), callingCode: String(fields[1]),
      trunkPrefix: fields[2].filter(\.isWholeNumber), isTrunkOptional: fields[2].hasSuffix("?"),
      internationalPrefixes: fields[3].split(separator: "/").map(String.init),
      digits: least...most)
  }

  /// Country, calling code, trunk prefix (`?`: may be missing), international prefixes, digits of national numbers.
  static let text = """
    AE 971 0 00 8-9
    AL 355 0 00 8-9
    AR 54 0 00 10-11
    AT 43 0 00 4-13
    AU 61 0 0011 9
    BA 387 0 00 8-9
    BE 32 0 00 8-9
    BG 359 0 00 7-9
    BR 55 0? 00 10-11
    BY 375 80 810 9
    CH 41 0 00 9
    CL 56 - 00 9
    CN 86 0? 00 10-11
    CO 57 - 00 10
    CR 506 - 00 8
    CY 357 - 00 8
    CZ 420 - 00 9
    DE 49 0 00 5-13
    DK 45 - 00 8
    DZ 213 0 00 8-9
    EC 593 0 00 8-9
    EE 372 - 00 7-8
    EG 20 0 00 9-10
    ES 34 - 00 9
    FI 358 0 00 5-12
    FR 33 0 00 9
    GB 44 0 00 9-10
    GE 995 0 00 9
    GH 233 0 00 9
    GR 30 - 00 10
    GT 502 - 00 8
    HK 852 - 001 8
    HR 385 0 00 8-9
    HU 36 06 00 8-9
    ID 62 0 001/007/008 8-12
    IE 353 0 00 7-10
    IL 972 0 00/012/013/014 8-9
    IN 91 0? 00 10
    IQ 964 0 00 8-10
    IR 98 0 00 10
    IS 354 - 00 7
    IT 39 - 00 6-11
    JO 962 0 00 8-9
    JP 81 0 010 9-10
    KE 254 0 000 9
    KR 82 0 001/002/00700 8-10
    KW 965 - 00 8
    LB 961 0 00 7-8
    LI 423 - 00 7
    LK 94 0 00 9
    LT 370 0 00 8
    LU 352 - 00 4-11
    LV 371 - 00 8
    MA 212 0 00 9
    MD 373 0 00 8
    ME 382 0 00 8
    MK 389 0 00 8
    MT 356 - 00 8
    MX 52 - 00 10
    MY 60 0 00 8-10
    NG 234 0 009 8-10
    NL 31 0 00 9
    NO 47 - 00 8
    NZ 64 0 00 8-10
    PA 507 - 00 7-8
    PE 51 0 00 8-9
    PH 63 0 00 8-10
    PK 92 0 00 9-10
    PL 48 - 00 9
    PT 351 - 00 9
    QA 974 - 00 8
    RO 40 0 00 9
    RS 381 0 00 7-10
    RU 7 8 810 10
    SA 966 0 00 9
    SE 46 0 00 7-10
    SG 65 - 000/001/002/008 8
    SI 386 0 00 8
    SK 421 0 00 9
    TH 66 0 001 8-9
    TN 216 - 00 8
    TR 90 0 00 10
    TW 886 0 002 8-9
    UA 380 0 00 9
    US 1 1? 011 10
    UY 598 0 00 8
    VE 58 0 00 10
    VN 84 0 00 9-10
    XK 383 0 00 8-9
    ZA 27 0 00 9
    CA 1 1? 011 10
    GG 44 0 00 9-10
    IM 44 0 00 9-10
    JE 44 0 00 9-10
    KZ 7 8 810 10
    PR 1 1? 011 10
    """
}
