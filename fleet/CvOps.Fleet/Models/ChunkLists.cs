using System.IO.Compression;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Models;

/// <summary>The chunk list of each package somebody asked for: cut once, kept beside its blob as JSON in gzip, which takes back what base64 costs.</summary>
internal sealed class ChunkLists(BlobStore blobs) : IDisposable
{
    // One package at a time: a rollout asks for the same list a thousand times, and cutting is work for one core.
    private readonly SemaphoreSlim _cutting = new(1, 1);

    /// <returns>Path of the list's JSON in gzip, the same bytes each time.</returns>
    /// <exception cref="PackageException">The package was damaged since it was let in.</exception>
    /// <exception cref="BlobLostException">Its file is gone.</exception>
    public async Task<string> FileOfAsync(ModelView model, CancellationToken cancel)
    {
        var package = blobs.Find(model.Model.Digest, $"{model.Model.Name} {model.Model.Version}");
        var path = package + ".chunks.gz";
        if (File.Exists(path)) return path;
        await _cutting.WaitAsync(cancel);
        try
        {
            if (!File.Exists(path)) await Task.Run(() => Write(package, path, model, cancel), cancel);
            return path;
        }
        finally
        {
            _cutting.Release();
        }
    }

    public void Dispose() => _cutting.Dispose();

    private static void Write(string package, string path, ModelView model, CancellationToken cancel)
    {
        ChunkList list;
        using (var file = new FileStream(package, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan)) list = ChunkList.Of(file, model.Bytes, cancel);
        if (list.Problem(model.Model.Digest, model.Bytes) is { } problem) throw new PackageException($"The file of {model.Model.Name} {model.Model.Version} was damaged since it was let in: {problem}.");
        // A torn one would be given out for ever.
        var fresh = $"{path}.{Guid.NewGuid():N}";
        using (var file = File.Create(fresh))
        {
            using (var packed = new GZipStream(file, CompressionLevel.SmallestSize, leaveOpen: true)) JsonSerializer.Serialize(packed, list, ContractsJson.Default.ChunkList);
            DurableFile.Sync(file);
        }
        DurableFile.Replace(fresh, path);
    }
}
