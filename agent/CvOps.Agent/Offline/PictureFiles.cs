using System.IO.Enumeration;
using CvOps.Agent.Capture;
using CvOps.Vision;

namespace CvOps.Agent.Offline;

/// <summary>
/// The pictures of a folder and its subfolders in order of their relative names, or a single one, each in its own size. One that can't be read
/// keeps its number and is noted with its reason.
/// </summary>
internal sealed class PictureFiles : ICameraSource
{
    private const double FramesPerSecond = 25;

    private readonly string _root;
    private readonly List<string> _files;
    private readonly double _maxMegapixels;
    private readonly FrameNotes _notes;
    private DecodedPicture? _picture;
    private volatile bool _killed;

    /// <param name="notes">Learns the name of each file, and why one can't be read.</param>
    public PictureFiles(CameraOptions options, FrameNotes notes)
    {
        var isFolder = Directory.Exists(options.Url);
        _root = isFolder ? options.Url : Path.GetDirectoryName(Path.GetFullPath(options.Url))!;
        _files = isFolder ? List(options.Url) : [Path.GetFileName(options.Url)];
        (_maxMegapixels, _notes) = (options.MaxMegapixels, notes);
    }

    public int? ProcessId => null;

    public StreamDamage Damage => default;

    /// <summary>Number of the picture that <see cref="TryNext"/> announced last, from 0; those that can't be read count.</summary>
    public long Number { get; private set; } = -1;

    public StreamStart? Open() => _files.Count > 0 ? new StreamStart(0, 0, null) : throw new CameraException($"{_root} has no pictures in it or below ({PictureFile.Endings}).");

    public bool TryNext(out PictureHeader picture)
    {
        picture = default;
        while (!_killed && Number + 1 < _files.Count)
        {
            var file = _files[(int)++Number];
            try
            {
                _picture = PictureFile.Read(Path.Combine(_root, file), _maxMegapixels);
                _notes.Add(new FrameNote(Number, file, null));
                picture = new PictureHeader(_picture.Width, _picture.Height, PixelFormat.Bgr24, TimeOf(Number));
                return true;
            }
            catch (PictureException e)
            {
                _notes.Add(new FrameNote(Number, file, e.Message));
            }
        }
        return false;
    }

    public bool Fill(Span<byte> pixels)
    {
        _picture!.View.Data.CopyTo(pixels);
        _picture = null;
        return true;
    }

    public string Ended(out bool completed)
    {
        completed = !_killed;
        return completed ? $"{_root} has no further picture." : $"{_root} was closed.";
    }

    public void Kill() => _killed = true;

    public void Dispose() { }

    /// <summary>A folder says nothing of time; its pictures come as those of a film do.</summary>
    public static TimeSpan TimeOf(long number) => TimeSpan.FromSeconds(number / FramesPerSecond);

    /// <summary>How many pictures a run over the input would see.</summary>
    /// <exception cref="CameraException">The folder can't be listed.</exception>
    public static long Count(string input) => Directory.Exists(input) ? List(input).Count : 1;

    private static List<string> List(string root)
    {
        try
        {
            // Linked files count; a linked folder may lead back to where it lies.
            var found = new FileSystemEnumerable<string>(root, (ref FileSystemEntry entry) => Path.GetRelativePath(root, entry.ToFullPath()), new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false })
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && PictureFile.IsOne(entry.FileName.ToString()),
                ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            };
            return [.. found.Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CameraException($"The folder {root} can't be listed: {e.Message}", e);
        }
    }
}
