// The flush of a whole file system, which the C library's module for Swift does not have.

#ifndef CFLUSH_H
#define CFLUSH_H

/// Brings everything on the file system of an open file to the disk.
///
/// Returns 0, or -1 with `errno`: EOPNOTSUPP on a file system that a program serves, for Linux does not pass the call on to it and says
/// that all went well.
int flush_file_system(int file);

#endif
