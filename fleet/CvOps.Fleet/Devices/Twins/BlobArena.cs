using System.Buffers.Binary;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// Byte strings of many lengths that come and go, in a few large arrays: no object for each, nothing for the collector to walk. Blocks of a page have
/// one size; freed ones are taken again. For one thread at a time.
/// </summary>
internal sealed class BlobArena
{
    private const int Unit = 16;
    private const int PageBytes = 64 * 1024;
    private const int PageBits = 12;

    /// <summary>A longer one has a page of its own.</summary>
    private const int LongestShared = 4096 - Head;

    private const int Head = sizeof(ushort);

    // By block size in units; 0 stands for a page with one blob.
    private readonly uint[] _freed = new uint[(LongestShared + Head) / Unit + 1];
    private readonly (int Page, int At)[] _open = new (int, int)[(LongestShared + Head) / Unit + 1];
    private readonly List<byte[]?> _pages = [];
    private readonly List<ushort> _units = [];
    private readonly Stack<int> _freePages = [];

    /// <summary>Of all pages.</summary>
    public long Bytes { get; private set; }

    /// <returns>Its handle, never 0.</returns>
    public uint Add(ReadOnlySpan<byte> blob)
    {
        if (blob.Length > LongestShared) return Handle(NewPage(blob.ToArray(), 0), 0);
        var units = Units(blob.Length);
        var handle = _freed[units];
        if (handle != 0) _freed[units] = BinaryPrimitives.ReadUInt32LittleEndian(Block(handle));
        else handle = Carve(units);
        var block = Block(handle);
        BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)blob.Length);
        blob.CopyTo(block[Head..]);
        return handle;
    }

    /// <param name="handle">From <see cref="Add"/>, not freed.</param>
    public ReadOnlySpan<byte> Get(uint handle)
    {
        if (_units[PageOf(handle)] == 0) return _pages[PageOf(handle)];
        var block = Block(handle);
        return block.Slice(Head, BinaryPrimitives.ReadUInt16LittleEndian(block));
    }

    public void Free(uint handle)
    {
        var page = PageOf(handle);
        if (_units[page] == 0)
        {
            Bytes -= _pages[page]!.Length;
            _pages[page] = null;
            _freePages.Push(page);
            return;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(Block(handle), _freed[_units[page]]);
        _freed[_units[page]] = handle;
    }

    /// <summary>A sixteenth lost at most, but for the smallest.</summary>
    private static int Units(int length)
    {
        var units = (length + Head + Unit - 1) / Unit;
        var step = units switch { <= 16 => 1, <= 32 => 2, <= 64 => 4, _ => 16 };
        return (units + step - 1) / step * step;
    }

    private uint Carve(int units)
    {
        var (page, at) = _open[units];
        // A page that was begun has at least one block taken.
        if (at == 0 || at + units > PageBytes / Unit)
        {
            page = NewPage(GC.AllocateUninitializedArray<byte>(PageBytes), (ushort)units);
            at = 0;
        }
        _open[units] = (page, at + units);
        return Handle(page, at);
    }

    private int NewPage(byte[] bytes, ushort units)
    {
        Bytes += bytes.Length;
        if (_freePages.TryPop(out var page))
        {
            (_pages[page], _units[page]) = (bytes, units);
            return page;
        }
        _pages.Add(bytes);
        _units.Add(units);
        return _pages.Count - 1;
    }

    private Span<byte> Block(uint handle) => _pages[PageOf(handle)].AsSpan((int)((handle - 1) & ((1 << PageBits) - 1)) * Unit, _units[PageOf(handle)] * Unit);

    private static uint Handle(int page, int at) => (((uint)page << PageBits) | (uint)at) + 1;

    private static int PageOf(uint handle) => (int)((handle - 1) >> PageBits);
}
