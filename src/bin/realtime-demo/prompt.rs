//! Where lines come from and go to. Knows nothing of what they mean.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    thread,
};

use tokio::sync::mpsc;

/// Lines read ahead of the one that is being carried out.
const READ_AHEAD: usize = 16;

/// Standard input and output, for a person or for a script.
pub struct Prompt {
    lines: mpsc::Receiver<String>,
    interactive: bool,
    /// Whether the invitation is the last thing on the screen.
    invited: bool,
}

impl Prompt {
    /// Starts reading standard input.
    pub fn of_this_process() -> Self {
        let (sender, lines) = mpsc::channel(READ_AHEAD);
        // Reading blocks and cannot be given up, so it has a thread that ends with the process.
        thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                // Input that is not text ends like input that is over.
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            lines,
            interactive: io::stdin().is_terminal(),
            invited: false,
        }
    }

    /// Returns whether a person types.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Returns the next line; `None` when the input is over. Nothing is lost when the future is
    /// dropped.
    pub async fn line(&mut self) -> Option<String> {
        let line = self.lines.recv().await;
        self.invited = false;
        line
    }

    /// Shows a person that a line is awaited.
    pub fn invite(&mut self) -> io::Result<()> {
        if !self.interactive || self.invited {
            return Ok(());
        }
        self.invited = true;
        let mut output = io::stdout().lock();
        output.write_all(b"> ")?;
        output.flush()
    }

    /// Writes lines, at once.
    pub fn say(&mut self, words: &str) -> io::Result<()> {
        let mut output = io::stdout().lock();
        if std::mem::take(&mut self.invited) {
            output.write_all(b"\r")?;
        }
        writeln!(output, "{words}")?;
        output.flush()
    }
}
