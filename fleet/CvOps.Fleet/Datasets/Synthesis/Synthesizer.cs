using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using CvOps.Vision;

namespace CvOps.Fleet.Datasets.Synthesis;

/// <summary>Makes synthetic frames: pictures into the blob store, and all their rows in one transaction, each with what it was made from. The same request and sources make the same pictures.</summary>
internal sealed class Synthesizer(Database database, BlobStore blobs, FleetEvents events, TimeProvider time)
{
    private const int Quality = 95;
    private const int TellEvery = 20;

    /// <param name="request">One without <see cref="SynthesisRule.Mistakes"/>.</param>
    /// <param name="tell">Hears how many are made, and of how many.</param>
    /// <returns>What was made, or why nothing was.</returns>
    public async Task<(SynthesisResult? Result, string? Refusal)> RunAsync(SynthesisRequest request, Action<long, long> tell, CancellationToken cancel)
    {
        var from = await database.ReadMomentAsync(connection => SynthesisSources.Read(connection, request, database.ByteOrder), cancel);
        if (Refuse(request, from) is { } refusal) return (null, refusal);
        var now = time.GetUtcNow();
        var made = new List<FrameView>();
        await Task.Run(() =>
        {
            for (var i = 0; i < request.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                var random = new Random(Chance(request.Seed, i));
                made.Add(request.Kind == SyntheticKind.Augmentation ? Augment(request, from, i, now, random) : Paste(request, from, now, random));
                if ((i + 1) % TellEvery == 0) tell(i + 1, request.Count);
            }
        }, cancel);
        var fresh = await database.WriteAsync(connection => Add(connection, request, [.. made.DistinctBy(frame => frame.Id)], now), cancel);
        if (fresh.Length > 0) events.Publish("frame", fresh[0].Id);
        return (new SynthesisResult(fresh.Length, request.Count - fresh.Length,
            fresh.SelectMany(frame => Classes(frame.Label!)).CountBy(name => name).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary()), null);
    }

    /// <summary>Seeds that follow each other begin alike in .NET's generator; their hashes do not.</summary>
    private static int Chance(int seed, int i)
    {
        Span<byte> pair = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(pair, seed);
        BinaryPrimitives.WriteInt32LittleEndian(pair[4..], i);
        return BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(pair));
    }

    private static string? Refuse(SynthesisRequest request, SynthesisSources from) => request.Kind switch
    {
        SyntheticKind.Augmentation when from.Sources.Count == 0 => "No labelled training frame is of that kind. Golden frames, and what shows their parts, are never a source.",
        SyntheticKind.CutPaste when from.Sources.Count == 0 => "No training frame has a box or outline to cut out: draw some, or ask for another class. Golden frames are never a source.",
        SyntheticKind.CutPaste when from.Grounds.Count == 0 => request.Onto is null
            ? "No training frame is known to show nothing: name the class of good pictures in 'onto', or label some OK."
            : $"No training frame of class '{request.Onto}' is without anything drawn on it.",
        _ => null,
    };

    private FrameView Augment(SynthesisRequest request, SynthesisSources from, int i, DateTimeOffset now, Random random)
    {
        var source = from.Sources[i % from.Sources.Count];
        var picture = Decode(source);
        var (label, recipe) = Augmentation.Apply(picture.Bgr, picture.Width, picture.Height, source.Label!, request.Operations ?? Augmentation.All, random);
        return Frame(request, picture, label, recipe, [source], now);
    }

    private FrameView Paste(SynthesisRequest request, SynthesisSources from, DateTimeOffset now, Random random)
    {
        var (ground, donor) = (from.Grounds[random.Next(from.Grounds.Count)], from.Sources[random.Next(from.Sources.Count)]);
        var cutouts = SynthesisRule.Cutouts(request, donor);
        var picture = Decode(ground);
        var (label, recipe) = CutPaste.Apply(picture, ground.Label!, Decode(donor), donor.Label!, cutouts[random.Next(cutouts.Length)], random);
        return Frame(request, picture, label, recipe, [ground, donor], now);
    }

    /// <exception cref="PictureException">The picture is damaged.</exception>
    private DecodedPicture Decode(FrameView frame)
    {
        var path = blobs.Find(frame.ImageDigest, $"the picture of frame {frame.Id}");
        try
        {
            return JpegCodec.Decode(File.ReadAllBytes(path));
        }
        catch (PictureException e)
        {
            throw new PictureException($"The picture of frame {frame.Id} can't be read, and nothing was made: {e.Message} Skip the frame, then try again.", e);
        }
    }

    private FrameView Frame(SynthesisRequest request, DecodedPicture picture, FrameLabel label, string recipe, FrameView[] sources, DateTimeOffset now)
    {
        var image = blobs.Put(JpegCodec.Encode(picture.View, Quality));
        return new FrameView
        {
            Id = $"synthetic-{image[..24]}", CapturedAt = now, Reasons = [new SamplingReason("synthetic", 1)], ImageDigest = image, Width = picture.Width, Height = picture.Height,
            State = LabelState.Labelled, Label = label with { By = request.By, At = now }, Use = FrameUse.Training,
            Synthetic = new SyntheticOrigin(request.Kind, recipe, request.Seed, [.. sources.DistinctBy(source => source.Id).Select(Source)]),
        };
    }

    private static SyntheticSource Source(FrameView frame) =>
        new(frame.Id, frame.ImageDigest, frame.CapturedAt) { LabelledAt = frame.Label!.At, Part = frame.Part, Device = frame.Device, Camera = frame.Camera };

    private static FrameView[] Add(DbConnection connection, SynthesisRequest request, FrameView[] made, DateTimeOffset now)
    {
        FrameView[] fresh = [.. made.Where(frame => FrameTable.Find(connection, frame.Id) is null)];
        if (fresh.Length == 0) return fresh;
        FrameTable.InsertAll(connection, fresh, request.By, now);
        Audit.Add(connection, now, request.By, "frames.synthesized", $"{fresh.Length} frames", $"{request.Kind}, seed {request.Seed}");
        return fresh;
    }

    private static IEnumerable<string> Classes(FrameLabel label) =>
        (label.Class is null ? [] : new[] { label.Class }).Concat(label.Boxes.Select(box => box.Class)).Concat((label.Polygons ?? []).Select(polygon => polygon.Class)).Distinct();
}
