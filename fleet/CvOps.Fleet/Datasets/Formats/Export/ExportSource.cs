using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats.Export;

/// <summary>What an export writes: a snapshot's pictures, as often as a writer wants to go over them.</summary>
internal sealed class ExportSource(DatasetView view, ExportSummary summary, Func<bool, IEnumerable<LabelledImage>> read)
{
    public string Name => view.Name;

    public string Digest => view.Digest;

    public DateTimeOffset CreatedAt => view.CreatedAt;

    public ExportSummary Summary => summary;

    /// <summary>The pictures in the snapshot's order, one at a time.</summary>
    /// <param name="withFrames">Part, time, model and prediction are filled in too; without, only what the label says, names and sizes.</param>
    public IEnumerable<LabelledImage> Read(bool withFrames) => read(withFrames);
}
