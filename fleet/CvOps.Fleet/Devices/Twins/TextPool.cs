namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// Texts that many documents say, kept once and counted: a text leaves with the last document that says it. What was said once only stays with its
/// document, so a fleet of unique texts costs the pool nothing. For several threads.
/// </summary>
internal sealed class TextPool
{
    /// <summary>Shorter ones are as short as their number.</summary>
    private const int Shortest = 4;

    private const int Longest = 512;

    /// <summary>Hashes of texts that were seen lately, to know one that comes again.</summary>
    private const int Remembered = 1 << 16;

    private readonly Lock _guard = new();
    private readonly Dictionary<byte[], int> _numbers = new(new ByteTextComparer());
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly Stack<int> _free = [];
    private readonly int[] _seen = new int[Remembered];
    private byte[][] _texts = new byte[256][];
    private int[] _references = new int[256];
    private int _used;

    public TextPool() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count
    {
        get { lock (_guard) return _numbers.Count; }
    }

    /// <summary>Takes a reference to the text where it is kept once for all; <see cref="Release"/> gives it back.</summary>
    /// <returns>False for a text that its document keeps itself.</returns>
    public bool TryTake(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        if (text.Length is < Shortest or > Longest) return false;
        lock (_guard)
        {
            if (_lookup.TryGetValue(text, out number))
            {
                _references[number]++;
                return true;
            }
            if (!WasSeen(text)) return false;
            number = Keep(text.ToArray());
            return true;
        }
    }

    public void Release(int number)
    {
        lock (_guard)
        {
            if (--_references[number] > 0) return;
            _numbers.Remove(_texts[number]);
            _free.Push(number);
        }
    }

    /// <summary>Of a text that the caller holds a reference to.</summary>
    public ReadOnlySpan<byte> this[int number] => Volatile.Read(ref _texts)[number];

    private bool WasSeen(ReadOnlySpan<byte> text)
    {
        var hash = ByteTextComparer.Hash(text);
        ref var slot = ref _seen[(uint)hash % Remembered];
        if (slot == hash) return true;
        slot = hash;
        return false;
    }

    private int Keep(byte[] text)
    {
        if (!_free.TryPop(out var number))
        {
            number = _used++;
            if (number == _texts.Length)
            {
                var more = new byte[_texts.Length * 2][];
                _texts.CopyTo(more, 0);
                Volatile.Write(ref _texts, more);
                Array.Resize(ref _references, more.Length);
            }
        }
        _texts[number] = text;
        _references[number] = 1;
        _numbers.Add(text, number);
        return number;
    }
}
