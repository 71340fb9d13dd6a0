namespace CvOps.Testing.IotHub;

internal enum HubRefusal { Connect, Twin, Upload, Acknowledgement }

/// <summary>What the hub will still refuse, and how often.</summary>
internal sealed class HubRefusals
{
    private readonly int[] _left = new int[Enum.GetValues<HubRefusal>().Length];

    public void Set(HubRefusal refusal, int count) => Volatile.Write(ref _left[(int)refusal], count);

    public bool Take(HubRefusal refusal)
    {
        ref var left = ref _left[(int)refusal];
        while (Volatile.Read(ref left) is > 0 and var before)
        {
            if (Interlocked.CompareExchange(ref left, before - 1, before) == before) return true;
        }
        return false;
    }
}
