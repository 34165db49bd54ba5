//! The library as a Node.js addon: what is annotated with `napi` registers itself.

use nx_s3_cache as _;
