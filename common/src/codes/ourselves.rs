//! What should never happen.

super::codes! {
    /// An attempt panicked.
    PANICKED = 901, Bug, "an attempt panicked",
        "A piece of Tarquet broke one of its own rules and the attempt was ended. The worker lives on.",
        "Please report it with the message and, if you can share it, the member.";
    /// An invariant did not hold.
    INVARIANT = 902, Bug, "an invariant did not hold",
        "Tarquet found itself in a state that its rules exclude, and stopped rather than go on.",
        "Please report it with the message.";
}
