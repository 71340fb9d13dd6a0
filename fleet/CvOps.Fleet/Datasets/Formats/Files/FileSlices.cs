namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>Pieces of a file by offset and length; those that follow each other closely come from one read.</summary>
/// <param name="file">The caller owns it.</param>
internal sealed class FileSlices(FileStream file)
{
    private byte[] _window = new byte[1 << 16];
    private long _from;
    private int _length;

    /// <returns>Stays until the next call.</returns>
    public ReadOnlySpan<byte> Read(long offset, int length)
    {
        if (offset < _from || offset + length > _from + _length)
        {
            if (_window.Length < length) _window = new byte[Math.Max(length, 2 * _window.Length)];
            // Far from the last piece: the next one will be far, too, and reading ahead would be for nothing.
            var isNear = offset >= _from && offset < _from + _length + _window.Length;
            _from = offset;
            _length = RandomAccess.Read(file.SafeFileHandle, _window.AsSpan(0, isNear ? _window.Length : length), offset);
            if (_length < length) throw new EndOfStreamException($"{file.Name} has no {length} bytes at {offset} any more.");
        }
        return _window.AsSpan((int)(offset - _from), length);
    }
}
