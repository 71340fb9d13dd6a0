using System.Collections.Concurrent;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>Byte strings of which there are few and which stay, each by its number, from 0. For several threads; what is known is found without a lock.</summary>
internal sealed class KeptTexts
{
    private readonly Lock _guard = new();
    private readonly ConcurrentDictionary<byte[], int> _numbers = new(new ByteTextComparer());
    private readonly ConcurrentDictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly byte[][] _texts;
    private int _count;

    /// <param name="most">Beyond this many, none is taken any more.</param>
    public KeptTexts(int most) => (_texts, _lookup) = (new byte[most][], _numbers.GetAlternateLookup<ReadOnlySpan<byte>>());

    /// <returns>False when there are too many to take a new one.</returns>
    public bool TryTake(ReadOnlySpan<byte> text, out int number)
    {
        if (_lookup.TryGetValue(text, out number)) return true;
        lock (_guard)
        {
            if (_lookup.TryGetValue(text, out number)) return true;
            if (_count == _texts.Length) return false;
            // The text before its number: whoever finds the number reads the text.
            _texts[number = _count++] = text.ToArray();
            _numbers[_texts[number]] = number;
            return true;
        }
    }

    /// <param name="number">From <see cref="TryTake"/>.</param>
    public ReadOnlySpan<byte> this[int number] => _texts[number];
}
