//! On a terminal: what is drawn over, what has colours, what Ctrl-C does.

use crate::{
    common::SPEC,
    fake::{Fake, JOB, Scene, running},
    pty::OnTerminal,
};

fn on_terminal(fake: &Fake, args: &[&str], env: &[(&str, &str)]) -> OnTerminal {
    let env = [&[("TARQUET_COORDINATOR", fake.url.as_str())], env].concat();
    OnTerminal::start(args, &std::env::temp_dir(), &env)
}

fn is_coloured(raw: &str) -> bool {
    raw.split("\x1b[")
        .skip(1)
        .any(|s| s.starts_with(|c: char| c.is_ascii_digit()) && s[..s.len().min(5)].contains('m'))
}

#[test]
fn a_watched_status_is_drawn_in_place_until_the_job_ends() {
    let fake = Fake::start(Scene::moving());
    let mut terminal = on_terminal(&fake, &["status", "@last", "-w"], &[]);
    terminal.sees("running convert");
    assert_eq!(terminal.ends(), 3, "published with quarantine");
    let screen = terminal.screen();
    let heads = screen.iter().filter(|line| line.starts_with("Job  ")).count();
    assert_eq!(heads, 1, "{}", screen.join("\n"));
    assert!(screen.iter().any(|line| line == "State       done"), "{}", screen.join("\n"));
    assert!(!screen.iter().any(|line| line.contains("running convert")), "nothing of before is left");
    let raw = terminal.raw();
    assert!(raw.contains("A") && raw.contains("\x1b[K") && is_coloured(&raw), "{raw:?}");
}

#[test]
fn colours_are_a_matter_of_taste() {
    for (args, env) in [
        (&["status", "@last"][..], &[("NO_COLOR", "1")][..]),
        (&["status", "@last"], &[("TERM", "dumb")]),
        (&["status", "@last", "--color", "never"], &[]),
    ] {
        let fake = Fake::start(Scene::of(running()));
        let mut terminal = on_terminal(&fake, args, env);
        assert_eq!(terminal.ends(), 0);
        let raw = terminal.raw();
        assert!(
            raw.contains("State       running convert") && !raw.contains('\x1b'),
            "{args:?} {env:?}: {raw:?}"
        );
    }
    let fake = Fake::start(Scene::of(running()));
    for args in [&["status", "@last"][..], &["status", "@last", "--color", "always"]] {
        let mut terminal = on_terminal(&fake, args, &[]);
        assert_eq!(terminal.ends(), 0);
        assert!(is_coloured(&terminal.raw()), "{args:?}");
    }
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let fake = Fake::start(Scene::moving());
    let mut terminal = on_terminal(&fake, &["status", "@last", "-w"], &[("TERM", "dumb")]);
    assert_eq!(terminal.ends(), 3);
    let raw = terminal.raw();
    assert!(!raw.contains('\x1b') && raw.contains("[ 1m47s] converting 58.3 %"), "{raw:?}");
}

#[test]
fn waiting_shows_a_bar_and_ctrl_c_detaches() {
    let fake = Fake::start(Scene::endless());
    let dir = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(dir.path().join("job.toml"), SPEC).expect("it is ours");
    let env = [("TARQUET_COORDINATOR", fake.url.as_str())];
    let mut terminal = OnTerminal::start(&["submit", "job.toml", "--wait"], dir.path(), &env);
    terminal.sees("58.3 %  204.1/350.0 GB  1.91 GB/s  eta 1m16s–1m50s");
    terminal.sees("limit: encode");
    terminal.interrupt();
    assert_eq!(terminal.ends(), 130);
    let screen = terminal.screen().join("\n");
    assert!(
        screen.contains(&format!("Detached; the job goes on. `tarquet wait {JOB}` attaches again.")),
        "{screen}"
    );
    assert!(!screen.contains("58.3 %"), "the bar is taken off: {screen}");
    assert_eq!(fake.wishes(), Vec::<String>::new(), "nobody asked for the job to end");
}

#[test]
fn ctrl_c_leaves_a_watched_status() {
    let fake = Fake::start(Scene::endless());
    let mut terminal = on_terminal(&fake, &["status", "-w"], &[]);
    terminal.sees("running convert");
    terminal.interrupt();
    assert_eq!(terminal.ends(), 130);
}

#[test]
fn a_coordinator_that_goes_away_is_waited_for() {
    let fake = Fake::start(Scene::endless());
    let mut terminal = on_terminal(&fake, &["status", "-w"], &[]);
    terminal.sees("running convert");
    drop(fake);
    terminal.sees("The coordinator does not answer, asking again");
    terminal.sees("running convert");
    terminal.interrupt();
    assert_eq!(terminal.ends(), 130);
}
