//! `completions` and `man`: what a shell and a reader of manuals want to know of the command line, made from its
//! description.

use std::io;

use clap::{Args, Command};
use clap_complete::Shell;

use super::ui::{Ending, GOOD, print};

const NAME: &str = "nx-s3-cache";
/// The name as the completions for bash spell it, and as they misspell it.
const SPELT: &str = "nx__s3__cache";
const MISSPELT: &str = "nx__subcmd__s3__subcmd__cache";

/// Generate shell completions.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache completions bash > ~/.local/share/bash-completion/completions/nx-s3-cache
  nx-s3-cache completions zsh > ~/.zfunc/_nx-s3-cache  # in $fpath
  nx-s3-cache completions fish > ~/.config/fish/completions/nx-s3-cache.fish
  nx-s3-cache completions powershell >> $PROFILE")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_parser = clap::value_parser!(Shell))]
    pub shell: Shell,
}

/// Print the manual page of all commands.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache man | man -l -
  nx-s3-cache man > /usr/local/share/man/man1/nx-s3-cache.1")]
pub(super) struct ManArgs {}

/// Prints the completions of a shell for `program`.
pub(super) fn completions(options: &CompletionsArgs, mut program: Command) -> Result<u8, Ending> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut program, NAME, &mut text);
    // For bash, clap_complete 4.6 takes the hyphens of the program's name for those between commands, in one of the two
    // places where it spells them, so that nothing below the first command would be completed.
    let text = String::from_utf8_lossy(&text).replace(MISSPELT, SPELT);
    print::bytes(text.as_bytes())?;
    Ok(GOOD)
}

/// Prints one page with `program` and each of its commands.
pub(super) fn man(program: Command) -> Result<u8, Ending> {
    let page = page(program).map_err(|error| Ending::Unable(error.to_string()))?;
    print::bytes(&page)?;
    Ok(GOOD)
}

/// These parts of a page with `heading` as the macro for their titles: the sections of a command's own page become
/// subsections of the one for all.
fn sections(parts: &[u8], heading: &str) -> String {
    String::from_utf8_lossy(parts)
        .replace(".SH ", &format!("{heading} "))
        .replace("EXTRA\nExamples:\n", "EXAMPLES\n")
}

fn page(mut program: Command) -> io::Result<Vec<u8>> {
    // Gives the commands their full names, and the options that all have.
    program.build();
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(program.clone());
    manual.render_title(&mut page)?;
    manual.render_name_section(&mut page)?;
    manual.render_synopsis_section(&mut page)?;
    manual.render_description_section(&mut page)?;
    let mut examples = Vec::new();
    manual.render_extra_section(&mut examples)?;
    page.extend_from_slice(sections(&examples, ".SH").as_bytes());
    for command in program
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
    {
        let about = clap_mangen::Man::new(command.clone());
        page.extend_from_slice(format!(".SH \"{}\"\n", command.get_name().to_uppercase()).as_bytes());
        let mut parts = Vec::new();
        about.render_synopsis_section(&mut parts)?;
        about.render_description_section(&mut parts)?;
        about.render_options_section(&mut parts)?;
        about.render_extra_section(&mut parts)?;
        page.extend_from_slice(sections(&parts, ".SS").as_bytes());
    }
    manual.render_version_section(&mut page)?;
    Ok(page)
}
