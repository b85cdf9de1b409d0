; Parts of the Windows installer (electron-builder puts them in where it calls customInstall and customUnInstall).

; fileAssociations would make ASC-Net the program that opens .nii, whichever did before. Here it is offered under "Open with"
; alone. Windows knows files by what follows the last dot, so that .nii.gz cannot be offered.
!macro customInstall
  WriteRegStr SHELL_CONTEXT "Software\Classes\ASC-Net.nifti" "" "NIfTI image"
  WriteRegStr SHELL_CONTEXT "Software\Classes\ASC-Net.nifti\DefaultIcon" "" "$appExe,0"
  WriteRegStr SHELL_CONTEXT "Software\Classes\ASC-Net.nifti\shell\open\command" "" '"$appExe" "%1"'
  WriteRegNone SHELL_CONTEXT "Software\Classes\.nii\OpenWithProgids" "ASC-Net.nifti"
!macroend

!macro customUnInstall
  DeleteRegValue SHELL_CONTEXT "Software\Classes\.nii\OpenWithProgids" "ASC-Net.nifti"
  DeleteRegKey SHELL_CONTEXT "Software\Classes\ASC-Net.nifti"
!macroend
