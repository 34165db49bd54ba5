//! `ls`: which entries are in the bucket.

mod rows;
mod top;

use std::pin::pin;

use clap::Args;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::bucket::{Bucket, Found, READS};
use super::scopes::Scopes;
use super::ui::{Ending, GOOD, print};
use super::workspace::Workspace;
use rows::Rows;
pub(super) use top::{Sort, Top};

/// List the entries in the bucket.
///
/// One line for each task's result: its hash, the scope it was stored in, the size of its entry object and its age.
/// Large results have chunks besides, which --long adds up. Without --sort entries come as the bucket lists them, page
/// by page, however many there are.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache ls                         what runs with this environment read
  nx-s3-cache ls --sort age --limit 20   the newest
  nx-s3-cache ls --scope 'u/*' --long    what pull requests stored
  nx-s3-cache ls --json | jq -r .hash    one JSON document a line")]
pub(super) struct LsArgs {
    /// The scopes: t, u/pr-123, u/pr-*, u/* or * [default: those that a run with this environment reads]
    #[arg(long)]
    pub scope: Option<Scopes>,
    /// Maximum number of entries
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<usize>,
    /// Newest, or largest first. Without --limit all entries are kept in memory for that, a few hundred bytes each
    #[arg(long, value_name = "BY")]
    pub sort: Option<Sort>,
    /// Read every entry, and show what is in it: one more request an entry
    #[arg(long, short)]
    pub long: bool,
    /// Print JSON, a line an entry
    #[arg(long)]
    pub json: bool,
}

/// Lists.
pub(super) async fn run(workspace: &Workspace, options: &LsArgs) -> Result<u8, Ending> {
    let bucket = Bucket::open(workspace).await?;
    let scopes = bucket.asked_or_read(options.scope.as_ref());
    let mut pages = pin!(bucket.entries(&scopes));
    let only_trusted = scopes.iter().all(|scope| scope.to_string() == "t");
    let mut rows = Rows::new(options.long, options.json, only_trusted);
    let mut left = options.limit.unwrap_or(usize::MAX);
    if let Some(sort) = options.sort {
        let mut top = Top::new(sort, left);
        while let Some(page) = pages.try_next().await? {
            top.add(page);
        }
        print_page(&bucket, &mut rows, top.into_sorted()).await?;
    } else {
        while left > 0
            && let Some(mut page) = pages.try_next().await?
        {
            page.truncate(left);
            left -= page.len();
            print_page(&bucket, &mut rows, page).await?;
        }
    }
    if rows.none_printed() && options.limit != Some(0) {
        let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
        print::note(&format!(
            "no entries in {} under {}",
            scopes.join(" and "),
            bucket.prefix()
        ));
    }
    Ok(GOOD)
}

async fn print_page(bucket: &Bucket, rows: &mut Rows, page: Vec<Found>) -> Result<(), Ending> {
    let found = stream::iter(page);
    if !rows.wants_entries() {
        return rows.print(found.map(|found| (found, None)).collect().await);
    }
    let read = found.map(|found| async {
        let read = bucket.listed_entry(&found).await?;
        Ok::<_, Ending>((found, read))
    });
    // Some at a time, so that lines appear while others are read.
    let mut read = read.buffered(READS).try_ready_chunks(100);
    while let Some(some) = read.try_next().await.map_err(|error| error.1)? {
        rows.print(some)?;
    }
    Ok(())
}
