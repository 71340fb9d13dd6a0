namespace CvOps.Vision.Decoders;

internal static class ScoreOrder
{
    /// <summary>The highest scores' places in the low halves, by falling score, then by place.</summary>
    /// <param name="order">Room, kept from call to call; grows when it must.</param>
    public static ReadOnlySpan<ulong> Of(ReadOnlySpan<float> scores, ref ulong[] order, int topK)
    {
        if (order.Length < scores.Length) order = new ulong[Math.Max(scores.Length, 2 * order.Length)];
        var keys = order.AsSpan(0, scores.Length);
        // The bits of floats from 0 up rise with them, so their complement falls. Adding 0 makes a plus of minus zero.
        for (var i = 0; i < keys.Length; i++) keys[i] = ((ulong)~BitConverter.SingleToUInt32Bits(Math.Max(scores[i], 0) + 0f) << 32) | (uint)i;
        keys.Sort();
        return keys[..Math.Min(keys.Length, topK)];
    }
}
