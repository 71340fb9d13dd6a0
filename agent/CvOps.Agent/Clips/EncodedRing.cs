using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Agent.Clips;

/// <summary>A piece of a camera's encoded video, from one key frame to another.</summary>
/// <param name="From">When its first packets came.</param>
/// <param name="To">When its last ones did.</param>
internal sealed record RingSegment(string Path, int Connection, DateTimeOffset From, DateTimeOffset To, bool Closed);

/// <summary>
/// What cameras sent during the last while, undecoded, in files of a second or so that ffmpeg writes beside the pictures it decodes. A folder a
/// camera; files are named by connection and number. Any thread.
/// </summary>
internal sealed class EncodedRing(string folder, ClipOptions options)
{
    // A segment ends at a key frame: cameras send one every few seconds, some every ten.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>ffmpeg's name pattern for a new connection; its folder exists.</summary>
    public string PatternFor(CameraId camera, int connection)
    {
        var path = FolderOf(camera);
        Directory.CreateDirectory(path);
        return Path.Combine(path, $"{connection.ToString("000000", CultureInfo.InvariantCulture)}-%06d.mkv");
    }

    /// <summary>The camera's segments, oldest first. The latest of the connection that runs is still being written.</summary>
    public IReadOnlyList<RingSegment> Segments(CameraId camera)
    {
        if (!Directory.Exists(FolderOf(camera))) return [];
        FileInfo[] files = [.. new DirectoryInfo(FolderOf(camera)).EnumerateFiles("*-*.mkv").OrderBy(file => file.Name, StringComparer.Ordinal)];
        var segments = new List<RingSegment>(files.Length);
        for (var i = 0; i < files.Length; i++)
        {
            var connection = int.TryParse(files[i].Name.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            var follows = i > 0 && segments[i - 1].Connection == connection;
            var closed = i + 1 < files.Length;
            segments.Add(new(files[i].FullName, connection, follows ? segments[i - 1].To : files[i].CreationTimeUtc, files[i].LastWriteTimeUtc, closed));
        }
        return segments;
    }

    /// <summary>Removes what no clip can ask for any more, and what an earlier life of the agent left.</summary>
    public void Trim(DateTimeOffset now)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var camera in new DirectoryInfo(folder).EnumerateDirectories())
        {
            foreach (var file in camera.EnumerateFiles("*.mkv"))
            {
                if (now - file.LastWriteTimeUtc > options.Before + options.After + Margin) file.Delete();
            }
        }
    }

    /// <summary>Removes everything: numbers of connections begin again with the agent.</summary>
    public void Clear()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private string FolderOf(CameraId camera) => Path.Combine(folder, camera.Value);
}
