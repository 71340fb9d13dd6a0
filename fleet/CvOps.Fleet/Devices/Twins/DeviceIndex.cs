namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// From the hash of a device's id to the rows that may be its: open addressing, 6 to 12 bytes a device; the ids lie with the rows. Nothing leaves it. For
/// one thread at a time.
/// </summary>
internal sealed class DeviceIndex
{
    private uint[] _slots = new uint[64];
    private uint _at;
    private int _count;

    /// <returns>The first row that may have that hash; -1 when none has.</returns>
    public int First(uint hash)
    {
        _at = hash;
        return (int)_slots[_at & Mask] - 1;
    }

    /// <returns>The one after the row given last; -1 when there is none.</returns>
    public int Next() => (int)_slots[++_at & Mask] - 1;

    /// <param name="row">Not here yet.</param>
    /// <param name="hashOf">Of a row that is here.</param>
    public void Add(uint hash, int row, Func<int, uint> hashOf)
    {
        if (++_count * 3L > _slots.Length * 2L)
        {
            var old = _slots;
            _slots = new uint[old.Length * 2];
            foreach (var slot in old)
                if (slot != 0) Put(hashOf((int)slot - 1), slot);
        }
        Put(hash, (uint)row + 1);
    }

    private uint Mask => (uint)_slots.Length - 1;

    private void Put(uint hash, uint slot)
    {
        while (_slots[hash & Mask] != 0) hash++;
        _slots[hash & Mask] = slot;
    }
}
