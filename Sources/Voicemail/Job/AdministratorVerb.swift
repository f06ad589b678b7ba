/// What an administrator can do to one message, and in which states.
///
/// docs/administration.md shows this as a table; a test compares the two.
package enum AdministratorVerb: String, Sendable, CaseIterable {
  case retry
  case hold
  case release
  case deliverOriginal = "deliver --original"
  case transcribeAgain = "requeue --transcribe"
  case delete

  package enum Effect: Sendable, Equatable {
    /// It goes there; with two, to the first one if its stage is transcription, else to the second.
    case moves(to: [JobState])
    /// Why not, in words that follow the message's id.
    case refused(String)
  }

  package func effect(in state: JobState) -> Effect {
    switch (self, state) {
    // What the MTA is being told cannot be called back.
    case (_, .delivering): .refused("is being delivered at this moment; try again when it is not")
    case (_, .delivered): .refused("has been delivered; only its history is left")
    case (_, .deleted): .refused("has been deleted; only its history is left")

    case (.retry, .transcribing), (.transcribeAgain, .transcribing):
      .refused("is being transcribed at this moment")
    case (.retry, .waiting): .moves(to: [.waiting])
    case (.retry, .ready): .moves(to: [.ready])
    case (.retry, _), (.release, .held): .moves(to: [.waiting, .ready])

    case (.hold, .held): .refused("is held already")
    case (.hold, .failed): .refused("has failed, so it stands still as it is")
    case (.hold, _): .moves(to: [.held])
    case (.release, _): .refused("is not held")
    case (.deliverOriginal, _): .moves(to: [.ready])
    case (.transcribeAgain, _): .moves(to: [.waiting])
    case (.delete, _): .moves(to: [.deleted])
    }
  }

  /// For the story that `show` tells; `by NAME` follows.
  package var past: String {
    switch self {
    case .retry: "tried again"
    case .hold: "held"
    case .release: "released"
    case .deliverOriginal: "original sent on demand"
    case .transcribeAgain: "put back for another transcription"
    case .delete: "deleted"
    }
  }
}
