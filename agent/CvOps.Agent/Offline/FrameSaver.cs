using System.Globalization;
using CvOps.Agent.Inference;
using CvOps.Agent.Offline.Drawing;
using CvOps.Vision;

namespace CvOps.Agent.Offline;

/// <summary>
/// Saves inspected pictures as JPEGs with the results drawn: 00000042.jpg by a frame's number; a folder's pictures by their own names, those that
/// are no JPEGs with .jpg behind. One thread.
/// </summary>
internal sealed class FrameSaver(string folder, SavedFrames only, IReadOnlyList<string> classes)
{
    private readonly Canvas _canvas = new();
    private readonly PredictionPainter _painter = new(classes);
    private readonly HashSet<string> _folders = [];

    public long Saved { get; private set; }

    /// <exception cref="OfflineException">The picture can't be written.</exception>
    public void Save(in InspectedFrame inspected, string? file)
    {
        if (!Wants(inspected)) return;
        _canvas.Show(inspected.Picture);
        _painter.Paint(_canvas, inspected.Prediction, inspected.Model.Manifest.Task, inspected.Error);
        var path = Path.Combine(folder, NameOf(inspected.Frame.Number, file));
        try
        {
            var parent = Path.GetDirectoryName(path)!;
            if (_folders.Add(parent)) Directory.CreateDirectory(parent);
            Write(path, JpegCodec.Encode(_canvas.Picture));
            Saved++;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PictureException)
        {
            throw OfflineException.Failed($"{path} can't be written: {e.Message}", e);
        }
    }

    /// <summary>A picture is there whole or not at all.</summary>
    private static void Write(string path, byte[] jpeg)
    {
        try
        {
            File.WriteAllBytes(path, jpeg);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            File.Delete(path);
            // The runtime takes a file larger than the file system allows for a wrong argument.
            throw e as IOException ?? new IOException("the file system takes no larger file", e);
        }
    }

    private bool Wants(in InspectedFrame inspected) => only switch
    {
        SavedFrames.Rejects => inspected.Error is null && inspected.Prediction.Reject,
        SavedFrames.Detections => inspected.Error is null && inspected.Prediction.Detections.Count > 0,
        SavedFrames.Errors => inspected.Error is not null,
        _ => true,
    };

    private static string NameOf(long number, string? file)
    {
        if (file is null) return number.ToString("D8", CultureInfo.InvariantCulture) + ".jpg";
        return Path.GetExtension(file).ToLowerInvariant() is ".jpg" or ".jpeg" ? file : file + ".jpg";
    }
}
