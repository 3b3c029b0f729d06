//! The command on a terminal: a pseudo-terminal on one side, what a person would see on the other.

use crate::common::tarquet;
use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::File,
    io::Read,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::Path,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Rows and columns of every terminal here.
pub(crate) const ROWS: usize = 40;
pub(crate) const COLUMNS: usize = 100;

/// How often it is looked whether a text is there, and how many times.
const TICK: Duration = Duration::from_millis(20);
const TICKS: usize = 3_000;

/// A command that believes a person is watching.
pub(crate) struct OnTerminal {
    child: Child,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl OnTerminal {
    /// Starts it in a folder, with these variables.
    pub(crate) fn start(args: &[&str], dir: &Path, env: &[(&str, &str)]) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let size = |n: usize| u16::try_from(n).expect("small");
        let size = Winsize { ws_row: size(ROWS), ws_col: size(COLUMNS), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it takes a size");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let no_control = i32::try_from(OpenptFlags::NOCTTY.bits()).expect("a flag of open");
        let side = File::options().read(true).write(true).custom_flags(no_control).open(name);
        let side = side.expect("the terminal opens");
        let stream = || Stdio::from(side.try_clone().expect("a descriptor"));
        let mut command = tarquet(args);
        command
            .env_remove("COLUMNS")
            .env("TERM", "xterm-256color")
            .envs(env.iter().copied())
            .current_dir(dir);
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let child = command.spawn().expect("the command starts");
        drop(side);
        // The command holds the streams it was given until it is dropped, and the terminal would never end.
        drop(command);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (mut master, into) = (File::from(master), seen.clone());
        let reader = thread::spawn(move || {
            let mut chunk = [0; 4096];
            // Linux answers EIO when nobody holds the other side any more.
            while let Ok(n @ 1..) = master.read(&mut chunk) {
                into.lock().expect("nobody panics with it").extend_from_slice(&chunk[..n]);
            }
        });
        Self { child, seen, reader: Some(reader) }
    }

    /// Everything that was written so far, escapes and all.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().expect("nobody panics with it")).into_owned()
    }

    /// What a person sees.
    pub(crate) fn screen(&self) -> Vec<String> {
        Screen::of(&self.raw()).lines()
    }

    /// Waits until a person sees this text.
    pub(crate) fn sees(&self, text: &str) {
        for _ in 0..TICKS {
            if self.screen().iter().any(|line| line.contains(text)) {
                return;
            }
            thread::sleep(TICK);
        }
        panic!("{text:?} never came:\n{}", self.screen().join("\n"));
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("it runs");
    }

    /// Waits for the end; gives the exit code.
    pub(crate) fn ends(&mut self) -> i32 {
        for _ in 0..TICKS {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                if let Some(reader) = self.reader.take() {
                    reader.join().expect("reading does not panic");
                }
                return status.code().unwrap_or_else(|| panic!("it was killed: {status}"));
            }
            thread::sleep(TICK);
        }
        panic!("it does not end:\n{}", self.screen().join("\n"));
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A terminal's screen, as far as the command uses one: text, carriage return, line feed, cursor up and down, erase
/// in line and below (ECMA-48). Anything else that it writes is a reason to look here.
struct Screen {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn of(raw: &str) -> Self {
        let mut screen = Self { rows: vec![Vec::new()], row: 0, column: 0 };
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => screen.column = 0,
                '\n' => screen.down(),
                '\x1b' => screen.escape(&mut chars),
                c => screen.put(c),
            }
        }
        screen
    }

    fn put(&mut self, c: char) {
        if self.column == COLUMNS {
            self.down();
            self.column = 0;
        }
        let row = &mut self.rows[self.row];
        row.resize(row.len().max(self.column + 1), ' ');
        row[self.column] = c;
        self.column += 1;
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Vec::new());
        }
    }

    fn escape(&mut self, chars: &mut std::str::Chars<'_>) {
        if chars.next() != Some('[') {
            return;
        }
        let mut numbers = String::new();
        // A sequence that is not complete yet says nothing.
        let Some(last) = chars.by_ref().find(|c| {
            numbers.push(*c);
            c.is_ascii_alphabetic()
        }) else {
            return;
        };
        let n: usize = numbers.trim_end_matches(last).parse().unwrap_or(0);
        match (last, n) {
            ('A', n) => {
                let first = self.rows.len().saturating_sub(ROWS);
                assert!(self.row >= first + n.max(1), "the cursor goes above the screen");
                self.row -= n.max(1);
            }
            ('B', n) => (0..n.max(1)).for_each(|_| self.down()),
            ('K', 2) => self.rows[self.row].clear(),
            ('K', _) => self.rows[self.row].truncate(self.column),
            ('J', _) => {
                self.rows[self.row].truncate(self.column);
                self.rows.truncate(self.row + 1);
            }
            _ => {}
        }
    }

    fn lines(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned()).collect()
    }
}

#[test]
fn the_screen_of_the_tests_does_what_a_terminal_does() {
    assert_eq!(Screen::of("ab\r\nc\x1b[1A\rx\x1b[K\n").lines(), ["x", "c"]);
    assert_eq!(Screen::of("a\r\nb\r\nc\x1b[2A\r\x1b[J!").lines(), ["!"]);
    assert_eq!(Screen::of("\x1b[1;31mred\x1b[0m").lines(), ["red"]);
    assert_eq!(Screen::of(&"x".repeat(COLUMNS + 1)).lines()[1], "x", "a long line goes on in the next row");
}
