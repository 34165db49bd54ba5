//! The public error: what a failure means for the build.
