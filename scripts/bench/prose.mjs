// What the page says besides its figures.
import { milliseconds } from './words.mjs'

export const opening = `# Benchmarks

How fast nx-s3-cache stores and restores, what it takes to do so, and how that compares with the alternatives, measured
side by side on one machine by one command. This page is written by that command; nothing in it is typed in by hand.
Where nx-s3-cache is slower than something else, the tables say so.`

export const trial = `> **Some of these figures are of fewer than five rounds, or missing.** They show the order of magnitude; \`npm run bench\`
> measures everything, with five.`

export const goals = `What the project set out to reach, beside what was measured. ✗ is a goal that was missed. The floor is one
\`cp -r\` of the same files to the same place: no cache that receives, verifies and expands what it restores was expected to
beat it.`

export const missed = `Why goals are missed, where they are:

- **Restoring, against \`HttpRemoteCache\`.** It unpacks what it gets straight to its place, and is close to \`cp -r\` itself: a
  multiple of its speed would be faster than copying. nx-s3-cache signs each request, hashes every byte, and moves an
  artifact into place only when all of it is right.
- **Restoring one large artifact.** Receiving, decrypting or expanding, hashing and writing share two cores with the server
  that sends; the processor time is in the table, and with it the best that can be reached on this machine.
- **\`store\` returns.** The figure is the longest of all calls. A call only queues the artifact; the rest is Node's thread
  waiting for a core while others pack.
- **Storing again, every twentieth file.** Smaller chunks would send less, in more requests, which cost a round trip and money each.`

export const method = `- **Peers.** nx-s3-cache with its defaults, through \`getRemoteCache()\` as Nx calls it; the same with an
  encryption key and signatures; the client of Nx's own self-hosted cache (\`HttpRemoteCache\`, gzip inside Nx's native
  module) against the leanest server we could write for it; the class \`AwsCache\` of \`@nx-aws-plugin/nx-aws-cache\`, called
  directly; \`tar | zstd -3 -T0\`, eight at a time, to and from local files, without any network; and one \`cp -r\`.
- **Rounds.** All peers take turns, another one first in each round; figures are medians, the range is beside them.
  Every run is a process of its own, and the servers are emptied before every store.
- **As Nx does it.** All entries are asked for at once; stores are started eight at a time. Uploads go on in the
  background, and the time to finish them at the end of the process counts.
- **Nothing lost.** Every restored file is compared byte by byte, and a peer that restores less than everything fails the benchmark.
- **Wall** is from the first call to the last answer, for stores to the end of the process. **CPU** is user and system time
  of the process and of the programs it started, the server's excluded. **Memory** is the peak over the idle process with the peer
  loaded. **Loop stop** is the longest delay of a 1 ms timer on the JavaScript thread: for so long Nx stood still.
- **The server** is on the same machine, in memory, and checks every signature; it takes its part of the processors
  from every peer alike. Bytes are counted at its sockets, heads included.
- **The files** are read from a warm page cache and restored to a file system in memory, so that the disk's mood does not decide: ext4
  takes up to ten times as long to create files in the minutes after others were deleted, whoever creates them.
- **What this isn't.** There is no network in between (the part "From far away" adds one), and no slow disk. Both make peers
  more alike.`

export const corpora = {
  small: 'A few files of at most 64 KiB an entry: what most tasks leave behind',
  typical: 'An entry a published package: what building a library leaves behind',
  large: 'One entry with a file of 256 MB: an application with its binaries',
}

export const crowd = `Nx asks for every task of a batch at once. nx-s3-cache with 2,000 entries as small as those above, all of them
asked for in the same moment: hits, then misses.`

export const huge = `3 GiB, half of it noise, with a file of more than 2 GiB.`

export const second = `The artifacts of the *typical* corpus that are larger than 4 MiB when stored, once more under another hash after one
file in twenty got a line more. Where the changed files are neighbours in the archive, whole chunks stay the same and are
not sent again; where one file here and one there changed, hardly any chunk stays the same.`

export const far = `The *small* corpus through a proxy that delivers every byte half a round trip later, both ways; a connection costs one round trip
more, as TCP's handshake does. Bandwidth is not limited.`

export const nx = `A workspace of 400 projects whose tasks are all cached, run with Nx to the end. Locally, Nx has everything in its own cache;
from the bucket, its cache and database are removed before. Nx's own start and its project graph are part of both.`

export function load({ processes, importMs, answerMs, totalMs }) {
  return `The median of ${processes} fresh processes in which Nx's own modules are loaded: ${milliseconds(importMs)} to import the package,
${milliseconds(answerMs)} until \`getRemoteCache()\` answers (it loads the native addon), ${milliseconds(totalMs)} together.`
}

export const choices = `| what | chosen | measured |
|---|---|---|
| compression | zstd 1 in frames of one chunk | 37 packages, 356 MB: stored in 1.2 s as 82 MB with level 1, in 1.5 s as 75 MB with level 3; 500 MB with a large file in 1.3 s as 170 MB, in 1.9 s as 161 MB. Frames of one chunk lose 1 % and use all cores |
| chunks of small files | 64 KiB on average, cut between files | the same packages after an edit of every twentieth file: 45 % of the bytes in chunks that changed with 1 MiB, 31 % with 256 KiB, 15 % with 64 KiB, 8 % with 32 KiB and three times the requests |
| pieces of large files | 1 MiB on average, at least 512 KiB | a request takes as long as compressing a tenth of it |
| inline limit | 4 MiB compressed | below it one request stores and one restores; above it the connection is the limit, not the number of requests |
| files | written by several threads, each directory made once | 5,000 small files: 50 ms, where \`Archive::unpack\` takes 185 ms and copying the tree 98 ms |

\`cargo bench\` measures the parts one by one: chunking, compression, sealing, packing, unpacking.`

export const again = `\`\`\`sh
npm run bench                                   # everything
npm run bench -- --only small,typical --rounds 9
npm run bench -- --only huge                    # the artifact of 3 GiB, which is not part of everything
npm run bench -- --resume                       # go on after an interruption
\`\`\`

It needs what the tests need (see CONTRIBUTING.md), \`tar\`, \`zstd\`, and about 5 GB in the user's cache directory; corpora and
downloads are kept there. Figures are for comparing peers on one machine, not machines with each other.`
