using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>
/// The pictures of a folder (JPEG, PNG, BMP), in order of their names, each in its own size. The folder is listed again at each turn of a loop.
/// A file that can't be read is damage: said, counted and passed over.
/// </summary>
internal sealed class FolderCamera(CameraOptions options, TimeProvider time) : ICameraSource
{
    private const double UsualRate = 25;
    private readonly CancellationTokenSource _killed = new();
    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private string[] _files = [];
    private int _next;
    private long _given;
    private DecodedPicture? _picture;
    private StreamDamage _damage;

    public int? ProcessId => null;

    public StreamDamage Damage { get { lock (_gate) return _damage; } }

    public StreamStart? Open()
    {
        List();
        while (_picture is null && _next < _files.Length) _picture = Read(_files[_next++]);
        return _picture is { } first
            ? new StreamStart(first.Width, first.Height, null)
            : throw new CameraException(Damage.Latest is { } why ? $"{options.Url} has no picture that can be read: {why}" : $"{options.Url} has no pictures in it ({PictureFile.Endings}).");
    }

    public bool TryNext(out PictureHeader picture)
    {
        picture = default;
        while (_picture is null)
        {
            if (_killed.IsCancellationRequested) return false;
            if (_next == _files.Length)
            {
                if (!options.Loop) return false;
                List();
                if (_files.Length == 0) throw new CameraException($"{options.Url} has no pictures in it any more.");
            }
            _picture = Read(_files[_next++]);
        }
        if (!WaitForTurn()) return false;
        picture = new PictureHeader(_picture.Width, _picture.Height, PixelFormat.Bgr24, TimeSpan.FromSeconds(_given++ / Rate));
        return true;
    }

    public bool Fill(Span<byte> pixels)
    {
        _picture!.View.Data.CopyTo(pixels);
        _picture = null;
        return true;
    }

    public string Ended(out bool completed)
    {
        completed = !_killed.IsCancellationRequested;
        return completed ? $"{options.Url} has no further picture." : $"{options.Url} was closed.";
    }

    public void Kill()
    {
        try
        {
            _killed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Read to its end, or closed, a moment ago.
        }
    }

    public void Dispose() => _killed.Dispose();

    private double Rate => options.Rate ?? UsualRate;

    private void List()
    {
        try
        {
            _files = [.. Directory.EnumerateFiles(options.Url).Where(file => PictureFile.IsOne(file)).Order(StringComparer.Ordinal)];
            _next = 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CameraException($"The folder {options.Url} can't be listed: {e.Message}", e);
        }
    }

    private DecodedPicture? Read(string file)
    {
        try
        {
            return PictureFile.Read(file, options.MaxMegapixels);
        }
        catch (PictureException e)
        {
            lock (_gate) _damage = new(_damage.Count + 1, $"{file}: {e.Message}");
            return null;
        }
    }

    /// <summary>False when killed meanwhile.</summary>
    private bool WaitForTurn()
    {
        if (options.Pace == Pace.Fast) return true;
        var due = TimeSpan.FromSeconds(_given / Rate) - time.GetElapsedTime(_started);
        if (due <= TimeSpan.Zero) return true;
        try
        {
            Task.Delay(due, time, _killed.Token).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
