//! Completions and manual pages, made from the command line itself.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::Output;

/// Completions of a shell.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

/// Manual pages.
#[derive(Args, Debug)]
pub struct Man {
    /// Write one page per command into this folder.
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn print(&self, mut root: clap::Command, out: Output) -> Result<i32, Failure> {
        let name = root.get_name().to_owned();
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut root, name, &mut text);
        out.raw(&String::from_utf8_lossy(&text))?;
        Ok(0)
    }
}

impl Man {
    /// Prints the page, or writes all of them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn print(&self, root: clap::Command, out: Output) -> Result<i32, Failure> {
        if let Some(folder) = &self.dir {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(root, folder))
                .map_err(|error| Failure::file(folder, error))?;
            return Ok(0);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(root)
            .render(&mut page)
            .map_err(Failure::Output)?;
        out.raw(&String::from_utf8_lossy(&page))?;
        Ok(0)
    }
}
