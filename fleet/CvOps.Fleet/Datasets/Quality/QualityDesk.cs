using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Quality.Checks;
using CvOps.Fleet.Datasets.Quality.Labels;
using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Datasets.Quality.Similar;
using CvOps.Fleet.Storage;
using CvOps.Heads;

namespace CvOps.Fleet.Datasets.Quality;

/// <summary>Checks all frames or a snapshot, one check at a time, and keeps what it finds until the next.</summary>
internal sealed class QualityDesk(Database database, DatasetStore datasets, FrameIndex index, PicturePace pace, FleetEvents events, TimeProvider time) : IDisposable
{
    /// <summary>Labels that are judged; of more a part drawn by chance, so that their embeddings fit into memory.</summary>
    public const int MostJudged = 60_000;

    private const int Threads = 2;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    // Without a picture in so long nobody looks at them, and the check goes on with those there are.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _one = new(1, 1);

    public Task<QualityReport?> ReportAsync(string? dataset, CancellationToken cancel) => database.ReadAsync(connection => QualityTable.Report(connection, dataset ?? ""), cancel);

    public Task<FindingPage> PageAsync(string? dataset, QualityKind? kind, bool accepted, int after, int limit, CancellationToken cancel) =>
        database.ReadAsync(connection => QualityTable.Page(connection, dataset ?? "", kind, accepted, after, limit), cancel);

    /// <returns>The finding as it is now; null when the last check found no such.</returns>
    public Task<QualityFinding?> DecideAsync(string? dataset, string id, QualityDecision decision, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        var finding = QualityTable.Decide(connection, dataset ?? "", id, decision, time.GetUtcNow());
        if (finding is not null) Audit.Add(connection, time.GetUtcNow(), decision.By, decision.Accept ? "quality.accepted" : "quality.reopened", id, finding.What);
        return finding;
    }, cancel);

    /// <param name="dataset">Digest of a snapshot; null for all frames.</param>
    /// <param name="tell">Stage, how many are done, and of how many.</param>
    /// <param name="most">Of more frames a part drawn by chance is looked at, and the report says so; null for all.</param>
    /// <returns>Null when there is no such snapshot.</returns>
    /// <exception cref="BlobLostException">The snapshot's document is gone.</exception>
    public async Task<QualityReport?> CheckAsync(string? dataset, Action<string, int, int> tell, CancellationToken cancel, int? most = null)
    {
        if (dataset is not null && await datasets.FindViewAsync(dataset, cancel) is null) return null;
        await _one.WaitAsync(cancel);
        try
        {
            var reader = new CheckedFrameReader(database, datasets);
            tell("reading", 0, 0);
            var (frames, of) = await reader.ReadAsync(dataset, most, cancel);
            var notes = new List<string>();
            if (frames.Count < of)
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"Of {of:N0} frames {frames.Count:N0}, drawn by chance, were looked at, for a check that runs by itself looks at about {most:N0}: 'cvops dataset check{(dataset is null ? "" : $" {dataset[..12]}")}' looks at all."));
            await DescribeAsync(frames, notes, tell, cancel);
            var (findings, slices) = await Task.Run(() => Find(frames, notes, tell, cancel), cancel);
            tell("writing", findings.All.Count, findings.All.Count);
            var report = new QualityReport(dataset, time.GetUtcNow(), frames.Count, frames.Count(frame => frame.Label is not null), [], Classes(frames), slices, notes);
            report = await database.WriteAsync(connection => QualityTable.Replace(connection, dataset ?? "", report, findings.All), cancel);
            events.Publish("quality", dataset ?? "");
            return report;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>Waits until the frames' pictures are looked at, and gives each frame what is known of its.</summary>
    private async Task DescribeAsync(List<CheckedFrame> frames, List<string> notes, Action<string, int, int> tell, CancellationToken cancel)
    {
        using var hurry = pace.Hurry();
        var images = frames.Select(frame => frame.Image).ToHashSet(StringComparer.Ordinal);
        var traits = new Dictionary<string, PictureTrait>(StringComparer.Ordinal);
        var (known, heard) = (-1, time.GetTimestamp());
        while (traits.Count < images.Count)
        {
            var space = index.Current.Space;
            traits = await database.ReadAsync(connection => PictureTable.All(connection, space).Where(trait => images.Contains(trait.Image)).ToDictionary(trait => trait.Image, StringComparer.Ordinal), cancel);
            tell("pictures", traits.Count, images.Count);
            if (traits.Count == images.Count) break;
            if (traits.Count != known) (known, heard) = (traits.Count, time.GetTimestamp());
            else if (time.GetElapsedTime(heard) > Patience)
            {
                notes.Add($"{images.Count - traits.Count} pictures have not been looked at, and nobody is at it: see the fleet's log.");
                break;
            }
            // Longer where there is more to look at: a look reads all of them.
            await Task.Delay(Look + TimeSpan.FromMilliseconds(images.Count / 100.0), time, cancel);
        }
        for (var i = 0; i < frames.Count; i++) frames[i] = frames[i] with { Trait = traits.GetValueOrDefault(frames[i].Image) };
    }

    private (FindingList, SliceReport?) Find(List<CheckedFrame> frames, List<string> notes, Action<string, int, int> tell, CancellationToken cancel)
    {
        var findings = new FindingList();
        tell("comparing", 0, frames.Count);
        PictureCheck.Find(frames, findings);
        ShapeCheck.Find(frames, findings);
        SchemaCheck.Find(frames, findings);
        BalanceCheck.Find(frames, findings);
        var near = NearPairs.Groups(frames);
        DuplicateCheck.Find(frames, near, findings);
        LeakageCheck.Find(frames, near, findings);
        cancel.ThrowIfCancellationRequested();
        var judged = Judged(frames, notes);
        try
        {
            var judgement = LabelJudge.Judge([.. Examples(judged)], Threads, (done, of) => tell("judging labels", done, of), cancel);
            if (judgement.Note is { } note && judged.Count > 0) notes.Add(note);
            LabelCheck.Find(judged, judgement, findings);
            return (findings, SliceCheck.Find(frames, judged, judgement, findings));
        }
        catch (HeadFitException e)
        {
            notes.Add($"Labels could not be judged: {e.Message}");
            return (findings, SliceCheck.Find(frames, judged, new LabelJudgement([], [], [], [], null), findings));
        }
    }

    /// <summary>Frames with a class and an embedding.</summary>
    private static List<CheckedFrame> Judged(List<CheckedFrame> frames, List<string> notes)
    {
        var judged = frames.Where(frame => frame is { Label.Class: not null, Trait.Code: not null, IsSynthetic: false }).ToList();
        var others = frames.Count(frame => frame.Label is not null) - judged.Count;
        if (others > 0) notes.Add($"{others} labels name no class of a picture that can be compared: whether they are right is not told.");
        if (judged.Count <= MostJudged) return judged;
        notes.Add($"Of {judged.Count} labels {MostJudged}, drawn by chance, were judged.");
        var random = new Random(1);
        return [.. judged.OrderBy(_ => random.Next()).Take(MostJudged)];
    }

    private List<JudgedExample> Examples(List<CheckedFrame> judged) => database.ReadAsync(connection =>
        judged.Select(frame => new JudgedExample(PictureTable.Embedding(connection, frame.Image) ?? [], frame.Label!.Class!, frame.Group)).ToList(), CancellationToken.None).GetAwaiter().GetResult();

    private static Dictionary<string, IReadOnlyDictionary<string, int>> Classes(List<CheckedFrame> frames) =>
        frames.Where(frame => frame.Label?.Class is not null).GroupBy(frame => frame.Label!.Class!, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (IReadOnlyDictionary<string, int>)group.CountBy(frame => frame.Split).OrderBy(count => count.Key, StringComparer.Ordinal).ToDictionary());
}
