using System.Runtime.InteropServices;

namespace CvOps.Vision;

/// <summary>The part of libturbojpeg 2.x that is used here.</summary>
internal static partial class TurboJpeg
{
    public const int PixelsBgr = 1;
    public const int Subsampling420 = 2;
    public const int Subsampling444 = 0;
    public const int SubsamplingGrey = 3;

    /// <summary>Stop on a warning (a truncated file), and the slow accurate transform: what is learnt from must be what was seen.</summary>
    public const int Flags = 8192 | 4096;

    private const string Library = "libturbojpeg.so.0";

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    public static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjInitCompress")]
    public static partial nint InitCompress();

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr2")]
    private static partial nint GetErrorStr2(nint handle);

    [LibraryImport(Library, EntryPoint = "tjDecompressHeader3")]
    public static unsafe partial int DecompressHeader3(nint handle, byte* jpeg, nuint size, out int width, out int height, out int subsampling, out int colourSpace);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    public static unsafe partial int Decompress2(nint handle, byte* jpeg, nuint size, byte* target, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library, EntryPoint = "tjCompress2")]
    public static unsafe partial int Compress2(nint handle, byte* source, int width, int pitch, int height, int pixelFormat, byte** jpeg, nuint* size, int subsampling, int quality, int flags);

    [LibraryImport(Library, EntryPoint = "tjCompressFromYUVPlanes")]
    public static unsafe partial int CompressFromPlanes(nint handle, byte** planes, int width, int* strides, int height, int subsampling, byte** jpeg, nuint* size, int quality, int flags);

    [LibraryImport(Library, EntryPoint = "tjFree")]
    public static unsafe partial void Free(byte* buffer);

    public static string LastError(nint handle) => Marshal.PtrToStringUTF8(GetErrorStr2(handle)) ?? "unknown error";
}
