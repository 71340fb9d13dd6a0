using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Grouping;
using CvOps.Fleet.Frames;
using Dapper;

namespace CvOps.Fleet.Datasets.Synthesis;

/// <summary>Frames that synthetic ones are made from, drawn evenly from all that serve (Vitter 1985, algorithm R), by frame id.</summary>
/// <param name="Sources">To augment, or to cut from.</param>
/// <param name="Grounds">To paste into.</param>
internal sealed record SynthesisSources(IReadOnlyList<FrameView> Sources, IReadOnlyList<FrameView> Grounds)
{
    private const int MostOfEach = 5000;

    /// <summary>Golden frames, and what shows a part, burst or picture of one, are not among them.</summary>
    /// <param name="connection">Its reads see one moment.</param>
    public static SynthesisSources Read(DbConnection connection, SynthesisRequest request, string byteOrder)
    {
        var golden = GoldenContact.Read(connection, GroupReader.Read(connection, SplitBy.Part, GroupReader.Bursts(connection, new SnapshotRequest("", "").BurstSeconds)));
        var random = new Random(request.Seed);
        var (sources, grounds) = (new Reservoir(random), new Reservoir(random));
        foreach (var frame in connection.Query<string>(
            $"SELECT body FROM frames WHERE state + 0 = @Labelled AND usage = @Training AND synthetic = 0 AND (@Device IS NULL OR device = @Device) ORDER BY id{byteOrder}",
            new { Labelled = (int)LabelState.Labelled, Training = (int)FrameUse.Training, Device = request.Device?.Value }, buffered: false).Select(FrameTable.Parse))
        {
            if (golden.Of(FramePlace.Of(frame)) is not null) continue;
            if (SynthesisRule.IsSource(request, frame)) sources.Offer(frame);
            if (request.Kind == SyntheticKind.CutPaste && SynthesisRule.IsGround(request, frame)) grounds.Offer(frame);
        }
        return new SynthesisSources(sources.Frames, grounds.Frames);
    }

    private sealed class Reservoir(Random random)
    {
        private readonly List<FrameView> _frames = [];
        private int _offered;

        public IReadOnlyList<FrameView> Frames => _frames;

        public void Offer(FrameView frame)
        {
            var place = random.Next(++_offered);
            if (_frames.Count < MostOfEach) _frames.Add(frame);
            else if (place < MostOfEach) _frames[place] = frame;
        }
    }
}
