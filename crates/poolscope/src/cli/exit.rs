//! Exit codes, which are an interface: documented in the README and tested.

use std::process::ExitCode;

use poolscope_core::verdict::State;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// The job was done.
    Done,
    /// The job was done, and the verdict is to be shown.
    Verdict(State),
    /// The job could not be done.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done | Exit::Verdict(State::NoLeakSeen) => 0,
            Exit::Verdict(State::Leak) => 1,
            Exit::Failed => 2,
            Exit::Verdict(State::NotEnoughEvidence) => 3,
            Exit::Verdict(State::OtherProblem) => 4,
        })
    }
}

/// Says what went wrong, with its causes, and what to do. A closed pipe is how a pager ends, not an error.
pub(crate) fn tell(error: &anyhow::Error) -> Exit {
    let closed_pipe = error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    });
    if closed_pipe {
        return Exit::Done;
    }
    let mut text = String::from("poolscope: ");
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    text.push_str(&causes.join(": "));
    text.push('\n');
    // Nothing can be done if even that cannot be written.
    let _ =
        std::io::Write::write_all(&mut std::io::stderr(), poolscope_report::escape::lines(&text).as_bytes());
    Exit::Failed
}
