using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Trainer.Heads;

/// <summary>
/// Embeddings of a dataset under one parent, beside the dataset: the trials of a search and the attempts of a run need them again, and they are nearly all of
/// a head's work. A file is whole or not there; one that can't be written is done without.
/// </summary>
internal sealed class EmbeddingCache
{
    private readonly string _path;
    private readonly int _count;

    public EmbeddingCache(string dataset, ParentModel parent, IReadOnlyList<DatasetEntry> entries)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(parent.Onnx.Span);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(parent.Manifest, ContractsJson.Default.ModelManifest));
        foreach (var entry in entries) hash.AppendData(Encoding.ASCII.GetBytes(entry.ImageDigest));
        _path = Path.Combine(dataset, ".cache", $"embeddings-{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}.f32");
        _count = entries.Count;
    }

    /// <returns>Null when there are none.</returns>
    public List<float[]>? Read()
    {
        if (!File.Exists(_path)) return null;
        var values = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_path));
        var dimensions = values.Length / _count;
        var rows = new List<float[]>(_count);
        for (var i = 0; i < _count; i++) rows.Add(values.Slice(i * dimensions, dimensions).ToArray());
        return rows;
    }

    public void Write(IReadOnlyList<float[]> rows)
    {
        var partial = $"{_path}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using (var file = File.Create(partial))
                foreach (var row in rows) file.Write(MemoryMarshal.AsBytes<float>(row));
            File.Move(partial, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A dataset that may not be written to: the embeddings are made again another time.
        }
    }
}
