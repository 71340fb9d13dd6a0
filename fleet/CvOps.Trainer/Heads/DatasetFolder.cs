using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Vision;

namespace CvOps.Trainer.Heads;

/// <summary>A dataset snapshot on disk: <c>dataset.json</c> and <c>images/DIGEST.jpg</c>.</summary>
internal sealed class DatasetFolder
{
    private readonly string _folder;

    private DatasetFolder(string folder, DatasetDetail detail)
    {
        _folder = folder;
        Detail = detail;
    }

    public DatasetDetail Detail { get; }

    /// <summary>Entries with a class to learn from, in the snapshot's order. Golden ones are never among them.</summary>
    public IReadOnlyList<DatasetEntry> Training => [.. Detail.Entries.Where(entry => IsSeen(entry) && entry is { Class: not null, Split: not DatasetSplit.Validation })];

    /// <summary>Whether a trainer may look at the entry: to learn from it, or to measure itself on it where its split says so.</summary>
    public static bool IsSeen(DatasetEntry entry) => entry is { Use: FrameUse.Training, Split: not DatasetSplit.Test };

    /// <exception cref="TrainerException">There is no readable dataset.</exception>
    public static DatasetFolder Open(string folder)
    {
        var path = Path.Combine(folder, "dataset.json");
        try
        {
            using var file = File.OpenRead(path);
            var detail = JsonSerializer.Deserialize(file, ContractsJson.Default.DatasetDetail) ?? throw new TrainerException($"'{path}' is empty.");
            return new DatasetFolder(folder, detail);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new TrainerException($"The dataset '{path}' can't be read: {e.Message}", e);
        }
    }

    /// <exception cref="TrainerException">The picture is missing, is another one than was labelled, or is no JPEG.</exception>
    public DecodedPicture Picture(DatasetEntry entry)
    {
        var path = Path.Combine(_folder, "images", $"{entry.ImageDigest}.jpg");
        try
        {
            var jpeg = File.ReadAllBytes(path);
            var digest = Convert.ToHexStringLower(SHA256.HashData(jpeg));
            if (digest != entry.ImageDigest) throw new TrainerException($"The picture of frame {entry.FrameId} is not the one that was labelled: '{path}' has the digest {digest}.");
            return JpegCodec.Decode(jpeg);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PictureException)
        {
            throw new TrainerException($"The picture of frame {entry.FrameId} can't be read: {e.Message}", e);
        }
    }
}
