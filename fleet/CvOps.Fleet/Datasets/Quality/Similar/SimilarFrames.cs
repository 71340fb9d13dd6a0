using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Quality.Similar;

/// <summary>Frames like a frame.</summary>
internal sealed class SimilarFrames(Database database, FrameIndex frames)
{
    /// <summary>Most that are asked for at once.</summary>
    public const int Most = 200;

    // A search of a million frames takes milliseconds on one core; the others belong to the devices.
    private const int Threads = 2;

    private const int Spare = 64;

    /// <returns>Null when there is no such frame.</returns>
    public async Task<SimilarFramesView?> LikeAsync(string id, int limit, CancellationToken cancel)
    {
        var (space, index) = frames.Current;
        var found = await database.ReadAsync<(FrameView Frame, PictureTrait? Trait)?>(connection =>
            FrameTable.Find(connection, id) is { } frame ? (frame, PictureTable.Find(connection, frame.ImageDigest, space)) : null, cancel);
        if (found is not { } asked) return null;
        if (asked.Trait is not { } trait) return new SimilarFramesView(asked.Frame, [], index.Count, "Its picture has not been looked at yet: ask again in a moment.");
        if (trait.Fault is { } fault) return new SimilarFramesView(asked.Frame, [], index.Count, $"Its picture can't be compared. {fault}");
        if (trait.Code is not { } code) return new SimilarFramesView(asked.Frame, [], index.Count, "Its picture shows nothing to compare by: it is constant, or the model has no embedding of it.");
        // Before the search: what arrives while it runs is not among what it looked at.
        var searched = index.Count;
        // The frame itself is among the nearest, and so may be some that retention has taken away since.
        var nearest = await Task.Run(() => index.Nearest(code, limit + Spare, Threads), cancel);
        var views = await database.ReadAsync(connection => nearest.Select(neighbour => (neighbour, Body: connection.QuerySingleOrDefault<string>("SELECT body FROM frames WHERE row = @Row", new { neighbour.Row })))
            .Where(pair => pair.Body is not null).Select(pair => (pair.neighbour, Frame: FrameTable.Parse(pair.Body!))).Where(pair => pair.Frame.Id != id).Take(limit)
            .Select(pair => new SimilarFrame(pair.Frame, EmbeddingCode.CosineOf(pair.neighbour.Distance), pair.Frame.ImageDigest == asked.Frame.ImageDigest)).ToArray(), cancel);
        return new SimilarFramesView(asked.Frame, views, searched, null);
    }
}
