using System.Runtime.InteropServices;

namespace CvOps.Fleet.Storage;

/// <summary>Loads Debian's libsqlite3 instead of the older one inside the package.</summary>
internal static class Sqlite
{
    private static readonly Lazy<bool> Ready = new(Load);

    /// <summary>Call before the first connection; as often as you like.</summary>
    public static void Initialise() => _ = Ready.Value;

    private static bool Load()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly,
                static (name, _, _) => name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var library) ? library : IntPtr.Zero);
        }
        catch (InvalidOperationException)
        {
            // Somebody in this process was faster: a resolver can be set once, and theirs does the same.
        }
        SQLitePCL.Batteries_V2.Init();
        return true;
    }
}
