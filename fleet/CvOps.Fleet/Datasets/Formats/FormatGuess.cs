using System.Text;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Tells a format from the files there are and from how they begin.</summary>
internal static class FormatGuess
{
    private const int LookedAt = 4096;

    /// <returns>Null when nobody can tell.</returns>
    public static DatasetFormat? Of(StagedFiles files)
    {
        if (files.Names.Any(Yolo.YoloReader.IsData)) return DatasetFormat.Yolo;
        if (First(files, ".json") is { } json) return Begin(files, json).TrimStart('\uFEFF', ' ', '\t', '\r', '\n').StartsWith('[') ? DatasetFormat.LabelStudio : DatasetFormat.Coco;
        if (First(files, ".xml") is { } xml) return Begin(files, xml).Contains("<annotations", StringComparison.Ordinal) ? DatasetFormat.Cvat : DatasetFormat.Voc;
        if (First(files, ".csv") is not null) return DatasetFormat.Csv;
        return files.Names.Any(name => ImageNames.IsImage(name) && name.Contains('/')) ? DatasetFormat.Folders : null;
    }

    private static string? First(StagedFiles files, string ending) => files.Names.FirstOrDefault(name => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static string Begin(StagedFiles files, string name)
    {
        using var stream = files.Open(name);
        var begin = new byte[LookedAt];
        return Encoding.UTF8.GetString(begin, 0, stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false));
    }
}
