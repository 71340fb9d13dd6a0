using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <param name="Format">Null: told from the files.</param>
/// <param name="Use">Of all pictures; null: as the files say, and training where they don't.</param>
/// <param name="Relabel">Whether frames that are here may get the label that the files give them.</param>
/// <param name="DryRun">Looks at everything and writes nothing.</param>
/// <param name="By">Who imports.</param>
internal sealed record ImportRequest(DatasetFormat? Format, FrameUse? Use, bool Relabel, bool DryRun, string By)
{
    /// <summary>Columns of a CSV that say something of the picture, such as its exposure, and are wanted.</summary>
    public IReadOnlyList<string> Attributes { get; init; } = [];
}
