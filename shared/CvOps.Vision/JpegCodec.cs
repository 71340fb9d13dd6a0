using System.Buffers;

namespace CvOps.Vision;

/// <summary>JPEG by libturbojpeg. Stateless; any thread may call it.</summary>
public static class JpegCodec
{
    /// <summary>Most pixels a file may unfold to: a small file must not take all memory.</summary>
    public const int MaxPixels = 64 * 1024 * 1024;

    /// <summary>Decodes a file, grey ones into three equal channels.</summary>
    /// <exception cref="PictureException">Not a JPEG, damaged, truncated, too large, or libturbojpeg is not installed.</exception>
    public static unsafe DecodedPicture Decode(ReadOnlySpan<byte> jpeg)
    {
        if (jpeg.Length < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8) throw new PictureException($"Not a JPEG file: it does not begin with FF D8 ({jpeg.Length} bytes).");
        var handle = Open(TurboJpeg.InitDecompress);
        try
        {
            fixed (byte* source = jpeg)
            {
                if (TurboJpeg.DecompressHeader3(handle, source, (nuint)jpeg.Length, out var width, out var height, out _, out _) != 0)
                    throw new PictureException($"The JPEG header can't be read: {TurboJpeg.LastError(handle)}.");
                if (width < 1 || height < 1 || (long)width * height > MaxPixels)
                    throw new PictureException($"The JPEG is {width}x{height} pixels; at most {MaxPixels} are read.");
                var bgr = new byte[width * height * 3];
                fixed (byte* target = bgr)
                {
                    if (TurboJpeg.Decompress2(handle, source, (nuint)jpeg.Length, target, width, width * 3, height, TurboJpeg.PixelsBgr, TurboJpeg.Flags) != 0)
                        throw new PictureException($"The JPEG is damaged: {TurboJpeg.LastError(handle)}.");
                }
                return new DecodedPicture(bgr, width, height);
            }
        }
        finally
        {
            _ = TurboJpeg.Destroy(handle);
        }
    }

    /// <summary>
    /// Encodes a picture. I420 and NV12 keep their subsampling and are only stretched from limited to JPEG's full range; BGR, and
    /// BT.709 on its way over BGR, is stored without chroma subsampling.
    /// </summary>
    /// <param name="quality">1..100.</param>
    /// <exception cref="PictureException">Larger than JPEG's 65,535 pixels a side, or libturbojpeg is not installed.</exception>
    public static byte[] Encode(PictureView picture, int quality = 90)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        if (picture.Width > 65_535 || picture.Height > 65_535) throw new PictureException($"A JPEG is at most 65535 pixels a side; this is {picture.Width}x{picture.Height}.");
        if (picture.Format is PixelFormat.Bgr24) return EncodeBgr(picture, quality);
        if (picture.Format is PixelFormat.Grey8) return EncodePlanes(picture, picture.Data, TurboJpeg.SubsamplingGrey, quality);
        if (picture.Colour.Matrix != YuvMatrix.Bt601) return EncodeConverted(picture, quality);
        var planes = ArrayPool<byte>.Shared.Rent(picture.Data.Length);
        try
        {
            RangeExpansion.Expand(picture, planes);
            return EncodePlanes(picture, planes, TurboJpeg.Subsampling420, quality);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(planes);
        }
    }

    /// <summary>JPEG's matrix is BT.601's: other pictures take the way over BGR.</summary>
    private static byte[] EncodeConverted(PictureView picture, int quality)
    {
        var bgr = ArrayPool<byte>.Shared.Rent(3 * picture.Width * picture.Height);
        try
        {
            PictureRows.ToBgr(picture, bgr);
            return EncodeBgr(new PictureView(bgr, picture.Width, picture.Height, PixelFormat.Bgr24), quality);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bgr);
        }
    }

    private static unsafe byte[] EncodeBgr(PictureView picture, int quality)
    {
        var handle = Open(TurboJpeg.InitCompress);
        byte* jpeg = null;
        nuint size = 0;
        try
        {
            fixed (byte* source = picture.Data)
            {
                var result = TurboJpeg.Compress2(handle, source, picture.Width, picture.Width * 3, picture.Height, TurboJpeg.PixelsBgr, &jpeg, &size, TurboJpeg.Subsampling444, quality, TurboJpeg.Flags);
                return Take(handle, result, jpeg, size);
            }
        }
        finally
        {
            TurboJpeg.Free(jpeg);
            _ = TurboJpeg.Destroy(handle);
        }
    }

    private static unsafe byte[] EncodePlanes(PictureView picture, ReadOnlySpan<byte> data, int subsampling, int quality)
    {
        var handle = Open(TurboJpeg.InitCompress);
        byte* jpeg = null;
        nuint size = 0;
        try
        {
            fixed (byte* luma = data)
            {
                var u = luma + picture.Width * picture.Height;
                var planes = stackalloc byte*[] { luma, u, u + picture.ChromaWidth * picture.ChromaHeight };
                var strides = stackalloc int[] { picture.Width, picture.ChromaWidth, picture.ChromaWidth };
                var result = TurboJpeg.CompressFromPlanes(handle, planes, picture.Width, strides, picture.Height, subsampling, &jpeg, &size, quality, TurboJpeg.Flags);
                return Take(handle, result, jpeg, size);
            }
        }
        finally
        {
            TurboJpeg.Free(jpeg);
            _ = TurboJpeg.Destroy(handle);
        }
    }

    private static unsafe byte[] Take(nint handle, int result, byte* jpeg, nuint size) => result == 0
        ? new ReadOnlySpan<byte>(jpeg, checked((int)size)).ToArray()
        : throw new PictureException($"The picture can't be encoded as JPEG: {TurboJpeg.LastError(handle)}.");

    private static nint Open(Func<nint> init)
    {
        nint handle;
        try
        {
            handle = init();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new PictureException("JPEG needs libturbojpeg.so.0, which was not found: apt-get install libturbojpeg0", e);
        }
        return handle != 0 ? handle : throw new PictureException($"libturbojpeg gave no codec: {TurboJpeg.LastError(0)}.");
    }
}
