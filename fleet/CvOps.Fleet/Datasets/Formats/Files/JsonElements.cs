using System.Buffers;
using System.Text.Json;

namespace CvOps.Fleet.Datasets.Formats.Files;

/// <summary>
/// Walks through a JSON text of any length: member by member, and of an array one element after another as bytes. Holds one element at a time.
/// </summary>
/// <param name="stream">Read forwards from where it stands. The caller owns it.</param>
internal sealed class JsonElements(Stream stream) : IDisposable
{
    /// <summary>Longest element: a picture with ten thousand outlines of a hundred corners has half of it.</summary>
    private const int LongestElement = 32 << 20;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
    private int _at;
    private int _end;
    private long _before;
    private bool _isFinal;
    private bool _isBegun;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = 64 });

    /// <summary>Of the token read last.</summary>
    public JsonTokenType Token { get; private set; }

    /// <summary>Name of the member read last.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Byte at which the element read last begins, from the stream's beginning.</summary>
    public long ElementOffset { get; private set; }

    /// <summary>The next token; false at the end.</summary>
    /// <exception cref="JsonException">This is no JSON; says the line.</exception>
    public bool Read()
    {
        while (true)
        {
            var reader = Reader();
            if (reader.Read())
            {
                Token = reader.TokenType;
                if (Token == JsonTokenType.PropertyName) Name = reader.GetString()!;
                Commit(reader);
                return true;
            }
            if (_isFinal) return false;
            Fill();
        }
    }

    /// <summary>The next element of the array that was entered; false, and past its end, when there is none.</summary>
    /// <param name="element">Stays until the next call.</param>
    /// <exception cref="JsonException">This is no JSON; says the line.</exception>
    public bool ReadElement(out ReadOnlySpan<byte> element)
    {
        while (true)
        {
            var reader = Reader();
            if (reader.Read())
            {
                Token = reader.TokenType;
                if (Token == JsonTokenType.EndArray)
                {
                    Commit(reader);
                    element = [];
                    return false;
                }
                var from = (int)reader.TokenStartIndex;
                if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray) || reader.TrySkip())
                {
                    ElementOffset = _before + _at + from;
                    element = _buffer.AsSpan(_at + from, (int)reader.BytesConsumed - from);
                    Commit(reader);
                    return true;
                }
            }
            if (_isFinal) throw new JsonException("The text ends in the middle.");
            Fill();
        }
    }

    /// <summary>Passes by the value that comes next, of any length.</summary>
    public void Skip()
    {
        var depth = 0;
        do
        {
            if (!Read()) throw new JsonException("The text ends in the middle.");
            if (Token is JsonTokenType.StartArray or JsonTokenType.StartObject) depth++;
            else if (Token is JsonTokenType.EndArray or JsonTokenType.EndObject) depth--;
        }
        while (depth > 0);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private Utf8JsonReader Reader()
    {
        if (!_isBegun)
        {
            _isBegun = true;
            Fill();
            if (_buffer.AsSpan(_at, _end - _at).StartsWith("\uFEFF"u8)) _at += 3;
        }
        return new Utf8JsonReader(_buffer.AsSpan(_at, _end - _at), _isFinal, _state);
    }

    private void Commit(in Utf8JsonReader reader)
    {
        _at += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
    }

    /// <summary>Reads on, keeping what is not done with; a longer element gets a longer buffer.</summary>
    private void Fill()
    {
        var left = _end - _at;
        if (left > LongestElement) throw new JsonException($"One element has more than {LongestElement} bytes.");
        if (left > _buffer.Length / 2)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(_at, left).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_at, left).CopyTo(_buffer);
        }
        _before += _at;
        (_at, _end) = (0, left);
        var read = stream.ReadAtLeast(_buffer.AsSpan(left), 1, throwOnEndOfStream: false);
        _end += read;
        _isFinal = read == 0;
    }
}
