//! The binary, run against a real server.

#[cfg(target_env = "musl")]
mod allocator;
#[cfg(unix)] // makes links and modes
mod archives;
mod attack;
mod bodies;
mod cat;
mod denied;
mod docs;
mod doctor;
mod flush;
mod identities;
mod inspect;
mod interrupted;
mod inventory;
mod keygen;
mod ls;
mod many_objects;
mod place;
mod purge;
mod racing;
mod restoring;
mod setup;
mod shell;
mod stats;
mod stored;
#[cfg(target_os = "linux")] // has `script` with these options
mod terminal;
mod unread;
#[cfg(unix)] // makes links
mod vela;
mod verify;
mod why;
