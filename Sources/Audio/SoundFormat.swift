internal import CSndFile

/// A libsndfile format number: container and coding in one.
struct SoundFormat: Equatable {
  let code: Int32

  init(code: Int32) { self.code = code }

  private init(raw coding: Int) { code = Int32(truncatingIfNeeded: SF_FORMAT_RAW | coding) }

  static let rawGSM = SoundFormat(raw: SF_FORMAT_GSM610)
  static let rawMuLaw = SoundFormat(raw: SF_FORMAT_ULAW)
  static let rawALaw = SoundFormat(raw: SF_FORMAT_ALAW)
  /// Asterisk's `sln`: 16 bit, low byte first.
  static let rawLinear = SoundFormat(raw: SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE)

  var isMPEG: Bool { Int(code) & SF_FORMAT_TYPEMASK == SF_FORMAT_MPEG }

  /// Name of the coding as `AudioFacts.codec` shows it.
  var codec: String {
    let coding = Int(code) & SF_FORMAT_SUBMASK
    return SoundFormat.codecs.first { $0.0 == coding }?.1 ?? "coding 0x\(hex(coding))"
  }

  /// Name of the container as `AudioFacts.container` shows it.
  var container: String {
    let type = Int(code) & SF_FORMAT_TYPEMASK
    return SoundFormat.containers.first { $0.0 == type }?.1 ?? "container 0x\(hex(type))"
  }

  private func hex(_ number: Int) -> String { String(number, radix: 16) }

  private static let codecs: [(Int, String)] = [
    (SF_FORMAT_PCM_S8, "PCM 8 bit"), (SF_FORMAT_PCM_U8, "PCM 8 bit"),
    (SF_FORMAT_PCM_16, "PCM 16 bit"), (SF_FORMAT_PCM_24, "PCM 24 bit"),
    (SF_FORMAT_PCM_32, "PCM 32 bit"), (SF_FORMAT_FLOAT, "float 32 bit"),
    (SF_FORMAT_DOUBLE, "float 64 bit"), (SF_FORMAT_ULAW, "u-law"), (SF_FORMAT_ALAW, "A-law"),
    (SF_FORMAT_IMA_ADPCM, "IMA ADPCM"), (SF_FORMAT_MS_ADPCM, "MS ADPCM"),
    (SF_FORMAT_GSM610, "GSM 6.10"), (SF_FORMAT_VOX_ADPCM, "OKI ADPCM"),
    (SF_FORMAT_NMS_ADPCM_16, "NMS ADPCM"), (SF_FORMAT_NMS_ADPCM_24, "NMS ADPCM"),
    (SF_FORMAT_NMS_ADPCM_32, "NMS ADPCM"), (SF_FORMAT_G721_32, "G.721"),
    (SF_FORMAT_G723_24, "G.723"), (SF_FORMAT_G723_40, "G.723"), (SF_FORMAT_DWVW_12, "DWVW"),
    (SF_FORMAT_DWVW_16, "DWVW"), (SF_FORMAT_DWVW_24, "DWVW"), (SF_FORMAT_DWVW_N, "DWVW"),
    (SF_FORMAT_VORBIS, "Vorbis"), (SF_FORMAT_OPUS, "Opus"), (SF_FORMAT_ALAC_16, "ALAC"),
    (SF_FORMAT_ALAC_20, "ALAC"), (SF_FORMAT_ALAC_24, "ALAC"), (SF_FORMAT_ALAC_32, "ALAC"),
    (SF_FORMAT_MPEG_LAYER_I, "MPEG layer 1"), (SF_FORMAT_MPEG_LAYER_II, "MPEG layer 2"),
    (SF_FORMAT_MPEG_LAYER_III, "MP3"),
  ]

  private static let containers: [(Int, String)] = [
    (SF_FORMAT_WAV, "WAV"), (SF_FORMAT_WAVEX, "WAV"), (SF_FORMAT_AIFF, "AIFF"),
    (SF_FORMAT_AU, "AU"), (SF_FORMAT_RAW, "raw"), (SF_FORMAT_W64, "W64"),
    (SF_FORMAT_RF64, "RF64"), (SF_FORMAT_FLAC, "FLAC"), (SF_FORMAT_OGG, "Ogg"),
    (SF_FORMAT_MPEG, "MPEG"), (SF_FORMAT_CAF, "CAF"), (SF_FORMAT_VOC, "VOC"),
    (SF_FORMAT_SVX, "SVX"), (SF_FORMAT_NIST, "NIST"), (SF_FORMAT_WVE, "WVE"),
  ]
}
