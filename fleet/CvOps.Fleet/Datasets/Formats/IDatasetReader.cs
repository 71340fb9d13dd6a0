using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Reads a dataset of one format, a picture at a time: the files may be larger than the memory.</summary>
internal interface IDatasetReader
{
    /// <summary>
    /// Every picture that the format names, each once, in the order of the files. What can't be read is a finding, not an exception; an error need not end
    /// the reading, so that a person sees all of them at once.
    /// </summary>
    IEnumerable<LabelledImage> Read(ReadContext context);
}

/// <summary>What a reader reads from.</summary>
/// <param name="Files">The files that came; the caller owns them.</param>
/// <param name="SizeOf">Width and height in pixels of a picture by the name the format gives it; null when there is no such picture.</param>
/// <param name="Attributes">Columns that say something of the picture and are wanted, by name; for formats that have columns.</param>
internal sealed record ReadContext(StagedFiles Files, Findings Findings, Func<string, (int Width, int Height)?> SizeOf, IReadOnlyList<string>? Attributes = null);
