using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Tells a format from the files there are and from how they begin.</summary>
internal static class FormatGuess
{
    /// <returns>Null when nobody can tell.</returns>
    public static DatasetFormat? Of(StagedFiles files)
    {
        if (files.Names.Any(Yolo.YoloReader.IsData)) return DatasetFormat.Yolo;
        return files.Names.Any(name => name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) ? DatasetFormat.Coco : null;
    }
}
