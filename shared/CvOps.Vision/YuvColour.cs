namespace CvOps.Vision;

/// <summary>The weights of red, green and blue in luma.</summary>
public enum YuvMatrix
{
    /// <summary>ITU-R BT.601: standard definition, and what cameras mean that say nothing.</summary>
    Bt601,

    /// <summary>ITU-R BT.709: high definition.</summary>
    Bt709,
}

/// <summary>Where black and white lie.</summary>
public enum YuvRange
{
    /// <summary>Luma 16..235, chroma 16..240: television, and nearly every camera.</summary>
    Limited,

    /// <summary>0..255: JPEG, and cameras that say so.</summary>
    Full,
}

/// <summary>What the numbers of a YUV picture mean; the default is BT.601, limited range. It comes with the stream, never with the model.</summary>
public readonly record struct YuvColour(YuvMatrix Matrix, YuvRange Range);
