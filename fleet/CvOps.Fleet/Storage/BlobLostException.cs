namespace CvOps.Fleet.Storage;

/// <summary>A row speaks of bytes whose file is gone from the blob store.</summary>
internal sealed class BlobLostException(string what, string path) : IOException($"The file of {what} is gone from the fleet's blob store: {path} is not there. Copy it back from a backup.");
