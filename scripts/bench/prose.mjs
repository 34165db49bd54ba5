// What the page says besides its figures.
import { readFileSync } from 'node:fs'
import { FAR_MS, SERIES_USE } from './plan.mjs'
import { milliseconds } from './words.mjs'

const packages = JSON.parse(readFileSync(new URL('packages.json', import.meta.url), 'utf8'))

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

- **Restoring *small*, against \`HttpRemoteCache\`.** It unpacks what it gets straight to its place, and is as fast as \`cp -r\` itself: a
  multiple of its speed would be faster than copying. nx-s3-cache signs each request, hashes every byte, and moves an
  artifact into place only when all of it is right.
- **Restoring *small* from far away.** \`HttpRemoteCache\` asks for all 400 at once. Here ten go first, until it is known how much memory
  an entry takes and how far away the bucket is: that is one more round trip, and the connections that follow take another.
- **Restoring and storing one large artifact.** Receiving, expanding, hashing and writing share two cores with the server; the processor time
  is in the table, and with it the best that can be reached on this machine.
- **Restoring what is signed.** An entry costs one verification of an Ed25519 signature and one hash of its bytes, about 30 µs of
  processor time. Of artifacts as small as these that is a tenth.
- **Memory.** Entries, chunks as they arrive and chunks as they are written may take 16 to 20 MiB each; the rest is buffers that are used
  again, and what the allocator keeps for each thread.
- **Dollars of a series.** Most bytes of the next version of a package are new, also where few files changed: smaller chunks would
  keep fewer bytes and cost more in requests than that saves (see "Chosen by measurement").
- **Requests of *large*.** A chunk has 4 MiB on average before compression, so that memory stays flat; these compress to a fifth.`

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

export const secondWay = `Where Nx doesn't load the package by itself, its own client talks to a server on the loopback address, and that to the
bucket ([how](how-nx-loads-it.md)). Nx's client packs, compresses and unpacks, in gzip, as with any other server.`

export const crowd = `Nx asks for every task of a batch at once. nx-s3-cache with 2,000 entries as small as those above, all of them
asked for in the same moment: hits, then misses.`

export function trust({ entries, certificates, peers }) {
  return `${entries} entries of the *small* corpus, restored ${peers.unsigned.runs} times each way by a CI run on main: unsigned, signed with a key, and signed by ${certificates} CI
runs with the [identity](security.md#two-identities) of their CI system, each run with a certificate of its own; the issuer is on the
same machine, and every restoring run fetches its keys anew.`
}

export const huge = `3 GiB, half of it noise, with a file of more than 2 GiB.`

export const series = `Two series of ten builds: *releases*, ${Object.keys(packages.series.releases).length} npm packages in ten consecutive versions each; and *monorepo*, ${packages.series.monorepo.names.length}
packages of one repository as built at ten consecutive commits (its development releases, with the version that is written into them
made the same). Each build is stored and restored, on the same machine and ${FAR_MS} ms away. Dollars are AWS's list prices: $5 a
million PUTs, $0.40 a million HEADs and GETs, $0.023 a GB and month; each build is restored ${SERIES_USE.restores} times and kept for ${SERIES_USE.months} month. The
peer stores one object an artifact, as if its server kept them in S3.`

export const far = `The *small* corpus through a proxy that delivers every byte half a round trip later, both ways; a connection costs one round trip
more, as TCP's handshake does. Bandwidth is not limited.`

export function lossy({ roundTrip, loss }) {
  return `The *large* corpus from ${roundTrip} ms away, where ${100 * loss} % of the packets are lost: what TCP makes of that is imitated by a proxy. A
single connection carries about 250 kB a second there, so chunks come in parts, each on a connection of its own.`
}

export const nx = `A workspace of 400 projects whose tasks are all cached, run with Nx to the end. Locally, Nx has everything in its own cache;
from the bucket, its cache and database are removed before. Nx's own start and its project graph are part of both.`

export function load({ processes, importMs, answerMs, totalMs }) {
  return `The median of ${processes} fresh processes in which Nx's own modules are loaded: ${milliseconds(importMs)} to import the package,
${milliseconds(answerMs)} until \`getRemoteCache()\` answers (it loads the native addon), ${milliseconds(totalMs)} together.`
}

export const choices = `| what | chosen | measured |
|---|---|---|
| compression | zstd 1 in frames of one chunk | 37 packages, 356 MB: stored in 1.2 s as 82 MB with level 1, in 1.5 s as 75 MB with level 3; 500 MB with a large file in 1.3 s as 170 MB, in 1.9 s as 161 MB. Frames of one chunk lose 1 % and use all cores |
| chunks | 4 MiB on average, at most 8 MiB | ten builds, dollars over one object an artifact in zstd 3: *releases* 21 × with 64 KiB, 6.5 × with 256 KiB, 2.6 × with 1 MiB, 1.9 × with 2 MiB, 1.4 × with 4 MiB; *monorepo* 14 ×, 3.7 ×, 1.2 ×, 0.9 × and 0.8 ×. \`examples/chunk_sizes.rs\` makes the whole table |
| inline limit | 4 MiB compressed | the same series: 1.5 × and 0.83 × with 1 MiB; and one request instead of two round trips |
| asking before sending | always | *monorepo* costs 1.02 × without; a HEAD costs a twelfth of a PUT |
| matches | in the whole chunk | 141 MB of packages become 26.3 MB instead of 29.7 MB, for a quarter more CPU |
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
