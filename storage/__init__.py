"""The blob store: immutable bytes under a name, on a file system or on S3. Start with README.md."""
